import numpy as np
import pandas as pd

from stages.reporting.comparison import compare
from stages.reporting.comparison_page import render


def errors(*rows: tuple[int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["index", "label", "predicted"])


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
    assert "<strong>cat</strong>, previously dog" in page
    assert "<strong>cat</strong>, previously cat" not in page
    assert "HEAD&lt;" in page
    assert "http" not in page
