import numpy as np
import pytest

from stages.dataset.checks import Check, Unexpected, checks
from stages.dataset.facts import Facts
from stages.params.dataset import Expectations

# Four images of one pixel, the last with a pixel that is not a number, and five labels.
FACTS = Facts(
    height=1,
    width=1,
    minimum=np.array([0, -3, 9, np.nan]),
    maximum=np.array([0, -3, 9, np.nan]),
    blank=np.array([True, True, True, False]),
    duplicate=np.array([False, False, True, False]),
    leaked=np.array([False, True, False, False]),
    labels=np.array([0, 0, 0, 1, 5]),
)
BOUNDS = Expectations.model_validate(
    {
        "train_images": 4,
        "test_images": 4,
        "height": 1,
        "width": 2,
        "pixel_minimum": -1.0,
        "pixel_maximum": 9.0,
        "class_share_minimum": 0.3,
        "class_share_maximum": 0.7,
        "blank_share": 0.75,
        "duplicate_share": 0.2,
        "leaked_share": 0.0,
    }
)


@pytest.fixture
def found() -> dict[str, Check]:
    return {check.name: check for check in checks("test", FACTS, BOUNDS, ("a", "b", "c"))}


@pytest.mark.parametrize(
    ("name", "images", "share", "first"),
    [
        ("height", 0, 0, []),
        ("width", 4, 1, [0, 1, 2, 3]),
        ("label-domain", 1, 1 / 5, [4]),
        # The classes 1 and 5 have a fifth of the labels each.
        ("class-share", 2, 2 / 5, [3, 4]),
        ("pixels-present", 1, 1 / 4, [3]),
        # A pixel that is not a number is neither too low nor too high.
        ("pixel-minimum", 1, 1 / 3, [1]),
        ("pixel-maximum", 0, 0, []),
        ("blank", 3, 3 / 4, [0, 1, 2]),
        ("duplicate", 1, 1 / 4, [2]),
        ("leaked", 1, 1 / 4, [1]),
    ],
)
def test_unexpected_images_are_counted_and_named(
    found: dict[str, Check], name: str, images: int, share: float, first: list[int]
) -> None:
    assert found[name].unexpected == Unexpected(images, share, first)
    assert found[name].value == share


@pytest.mark.parametrize(
    ("name", "value", "low", "high"),
    [
        ("image-count", 4, 4, 4),
        ("label-count", 5, 4, 4),
        ("every-class", 1, 0, 0),
        ("blank", 0.75, 0, 0.75),
        ("duplicate", 0.25, 0, 0.2),
    ],
)
def test_a_number_decides_each_check(
    found: dict[str, Check], name: str, value: float, low: float, high: float
) -> None:
    check = found[name]

    assert (check.value, check.low, check.high) == (value, low, high)


def test_a_class_may_be_absent_from_the_test_set_only() -> None:
    bounds = BOUNDS.model_copy(update={"absent_from_test": ("c",)})

    for split, absent in (("train", 1), ("test", 0)):
        found = {check.name: check for check in checks(split, FACTS, bounds, ("a", "b", "c"))}
        assert found["every-class"].value == absent
        assert found["every-class"].observed == "c absent"


def test_training_images_cannot_be_leaked() -> None:
    assert "leaked" not in {check.name for check in checks("train", FACTS, BOUNDS, ("a", "b"))}
