from typing import Any

import pytest
from pydantic import ValidationError

from stages.results.models import BinRow, Checks, ClassRow, EpochRow

CHECK: dict[str, Any] = {
    "name": "height",
    "set": "train",
    "description": "",
    "success": True,
    "expected": "28",
    "observed": "28",
    "unexpected_images": 0,
    "unexpected_share": 0.0,
    "first_unexpected": (),
}


@pytest.mark.parametrize("cell", ["0", "7", "2147483647"])
def test_a_whole_number_is_written_in_one_way(cell: str) -> None:
    row = ClassRow.model_validate(row_of_class(support=cell))

    assert row.support == int(cell)


@pytest.mark.parametrize(
    "cell", ["", "-1", "+1", "01", "1.0", "1e1", "1_0", " 1", "1 ", "٣", "2147483648", "9" * 99]
)
def test_another_text_is_no_whole_number(cell: str) -> None:
    with pytest.raises(ValidationError):
        ClassRow.model_validate(row_of_class(support=cell))


@pytest.mark.parametrize("cell", ["0", "1", "0.5", "0.997959", "1e-05", "1.2345e-12"])
def test_a_share_is_written_with_6_digits(cell: str) -> None:
    assert ClassRow.model_validate(row_of_class(recall=cell)).recall == float(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "-0.5",
        "1.5",
        "nan",
        "inf",
        "1e999",
        "0.50",
        ".5",
        "0,5",
        "0.9979591",
        "1e-5",
        "0.5 ",
        "½",
    ],
)
def test_another_text_is_no_share(cell: str) -> None:
    with pytest.raises(ValidationError):
        ClassRow.model_validate(row_of_class(recall=cell))


def test_a_loss_may_be_above_1_but_is_finite() -> None:
    assert EpochRow.model_validate({"epoch": "1", "loss": "2.30259"}).loss == 2.30259
    with pytest.raises(ValidationError):
        EpochRow.model_validate({"epoch": "1", "loss": "inf"})
    with pytest.raises(ValidationError):
        EpochRow.model_validate({"epoch": "0", "loss": "1"})


def test_an_empty_bin_is_none() -> None:
    row = {"low": "0", "high": "0.0666667", "images": "0", "confidence": "0", "accuracy": "0"}
    with pytest.raises(ValidationError, match="images"):
        BinRow.model_validate(row)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"success": False}, "success must be True by the expectations, found False"),
        ({"failed": ("train-height",)}, "failed must be none by the expectations, found train-he"),
        ({"expectations": (CHECK, CHECK)}, "expectations must be 2 by the expectations, found 1"),
        ({"expectations": ()}, "at least 1 item"),
        ({"expectations": ({**CHECK, "success": False},)}, "failed must be train-height by"),
        ({"expectations": ({**CHECK, "set": "other"},)}, "'train' or 'test'"),
        ({"expectations": ({**CHECK, "first_unexpected": (-1,)},)}, "greater than or equal to 0"),
    ],
)
def test_the_summary_of_the_checks_follows_from_them(change: dict[str, Any], message: str) -> None:
    valid = {"success": True, "failed": (), "expectations": (CHECK,)}
    assert Checks.model_validate(valid).expectations[0].full_name == "train-height"
    with pytest.raises(ValidationError, match=message):
        Checks.model_validate(valid | change)


def row_of_class(**change: str) -> dict[str, str]:
    return {"class": "a", "support": "1", "precision": "1", "recall": "1", "f1": "1"} | change
