import pandas as pd
import pytest

from stages.reporting.comparison import Comparison, compare, outcome, summary


def errors(*rows: tuple[int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["index", "label", "predicted"])


def test_every_error_is_new_fixed_changed_or_as_before() -> None:
    before = errors((1, 7, 2), (2, 4, 9), (3, 5, 3), (9, 0, 6))
    after = errors((2, 4, 9), (3, 5, 8), (4, 1, 7))

    found = compare(before, after)

    assert found.new.to_numpy().tolist() == [[4, 1, 1, 7]]
    assert found.fixed.to_numpy().tolist() == [[1, 7, 2, 7], [9, 0, 6, 0]]
    assert found.changed.to_numpy().tolist() == [[3, 5, 3, 8]]
    assert found.unchanged == 1
    assert list(found.new.columns) == ["index", "label", "predicted_before", "predicted_after"]


def compared(new: int, fixed: int) -> Comparison:
    return compare(
        errors(*((number, 1, 2) for number in range(fixed))),
        errors(*((100 + number, 1, 2) for number in range(new))),
    )


# By hand: twice the binomial tail of the smaller count, both as probable.
@pytest.mark.parametrize(
    ("new", "fixed", "p_value"),
    [(0, 0, 1), (1, 1, 1), (0, 5, 2 / 32), (5, 0, 2 / 32), (1, 5, 2 * 7 / 64), (3, 3, 1)],
)
def test_the_difference_is_tested_as_mcnemar_did(new: int, fixed: int, p_value: float) -> None:
    assert compared(new, fixed).p_value == pytest.approx(p_value)


# By hand: 1 for 4 and 3; 2 / 2**6 for 6 and none; 2 / 2**5, which is above 0.05, for 5 and none.
@pytest.mark.parametrize(
    ("new", "fixed", "which", "sentence"),
    [
        (4, 3, "chance", "4 new and 3 fixed errors may well be chance (McNemar's test: p = 1)."),
        (
            5,
            0,
            "chance",
            "5 new and 0 fixed errors may well be chance (McNemar's test: p = 0.062).",
        ),
        (
            0,
            6,
            "better",
            "The later one is better: 0 new and 6 fixed errors are unlikely to be chance "
            "(McNemar's test: p = 0.031).",
        ),
        (
            6,
            0,
            "worse",
            "The later one is worse: 6 new and 0 fixed errors are unlikely to be chance "
            "(McNemar's test: p = 0.031).",
        ),
    ],
)
def test_the_summary_states_whether_the_difference_is_significant(
    new: int, fixed: int, which: str, sentence: str
) -> None:
    assert outcome(compared(new, fixed)) == which
    assert summary(compared(new, fixed)) == sentence


def test_equal_errors_are_no_difference() -> None:
    found = compare(errors((1, 7, 2)), errors((1, 7, 2)))

    assert (len(found.new), len(found.fixed), len(found.changed), found.unchanged) == (0, 0, 0, 1)


def test_no_errors_can_be_compared() -> None:
    found = compare(errors(), errors((1, 7, 2)))

    assert found.new["index"].tolist() == [1]
