import numpy as np
import pandas as pd
import pytest

from stages.reporting.comparison import compare
from stages.reporting.comparison_page import render, verdict


def errors(*rows: tuple[int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["index", "label", "predicted"])


def many(new: int, fixed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    return (
        errors(*((number, 0, 1) for number in range(fixed))),
        errors(*((50 + number, 0, 1) for number in range(new))),
    )


@pytest.mark.parametrize(
    ("new", "fixed", "expected"),
    [
        (4, 3, "4 new and 3 fixed errors may well be chance (McNemar's test: p = 1)."),
        (2, 20, "The later one is better: 2 new and 20 fixed errors are no chance"),
        (20, 2, "The later one is worse: 20 new and 2 fixed errors are no chance"),
    ],
)
def test_the_verdict_says_whether_it_means_anything(new: int, fixed: int, expected: str) -> None:
    assert verdict(compare(*many(new, fixed))).startswith(expected)


def test_every_change_is_shown_with_both_answers() -> None:
    before, after = errors((0, 0, 1), (2, 1, 0)), errors((1, 1, 0), (2, 1, 0))

    page = render(
        compare(before, after),
        ("HEAD~1", "HEAD<"),
        (2, 2),
        np.zeros((3, 4, 4), np.uint8),
        ("cat", "dog"),
        "Pets",
    )

    assert page.count('<li class="answer">') == 2
    assert "<strong>cat</strong>, before dog" in page
    assert "<strong>cat</strong>, before cat" not in page
    assert "HEAD&lt;" in page
    assert "http" not in page
