import pytest

from stages.results.disagreement import near, same, to_digits
from stages.shared.formats import FormatError


def test_equal_values_are_the_same() -> None:
    same("a", 1, 1, "b.csv")
    with pytest.raises(FormatError, match=r"^expected a to be 2, as b\.csv gives it, found 1$"):
        same("a", 1, 2, "b.csv")


def test_a_long_value_is_cut_off() -> None:
    with pytest.raises(FormatError) as refused:
        same("a", list(range(10_000)), [], "b.csv")
    assert len(str(refused.value)) < 200


def test_numbers_of_6_digits_may_differ_in_the_last() -> None:
    near("a", 0.123457, 0.1234565, "b.csv")
    with pytest.raises(FormatError, match=r"to be 0\.12345, as b\.csv gives it, found 0\.123457$"):
        near("a", 0.123457, 0.12345, "b.csv")
    with pytest.raises(FormatError):
        near("a", float("nan"), 0.5, "b.csv")


def test_tables_have_6_significant_digits() -> None:
    assert (to_digits(2 / 3), to_digits(1e-7 / 3)) == (0.666667, 3.33333e-08)
