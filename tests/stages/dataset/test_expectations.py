import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from stages.dataset.expectations import check_all
from stages.dataset.facts import gather
from stages.params.dataset import Expectations
from stages.shared.artifacts import Array

CLASSES = ("circle", "square", "star")
BOUNDS = {
    "train_images": 60,
    "test_images": 30,
    "height": 2,
    "width": 3,
    "pixel_minimum": -5.0,
    "pixel_maximum": 5.0,
    "class_share_minimum": 0.3,
    "class_share_maximum": 0.4,
    "blank_share": 0.0,
    "duplicate_share": 0.0,
    "leaked_share": 0.0,
}
NAMES = [
    *("image-count", "label-count", "height", "width", "label-domain", "every-class"),
    *("class-share", "pixels-present", "pixel-minimum", "pixel-maximum", "blank", "duplicate"),
]
Arrays = dict[str, Array]


@pytest.fixture
def arrays() -> Arrays:
    """Two sets that keep to the bounds: random pixels, and the classes in turn."""
    generator = np.random.default_rng(1)
    return {
        "train_images": generator.uniform(-5, 5, (60, 2, 3)).astype(np.float32),
        "train_labels": np.arange(60, dtype=np.uint8) % 3,
        "test_images": generator.uniform(-5, 5, (30, 2, 3)).astype(np.float32),
        "test_labels": np.arange(30, dtype=np.uint8) % 3,
    }


def checked(arrays: Arrays, **changed: float) -> dict[str, Any]:
    bounds = Expectations.model_validate(BOUNDS | changed)
    return check_all(gather(arrays), bounds, CLASSES)


def result(outcome: dict[str, Any], name: str) -> dict[str, Any]:
    found = [item for item in outcome["expectations"] if f"{item['set']}-{item['name']}" == name]
    assert len(found) == 1
    return dict(found[0])


def test_good_data_meet_every_expectation(arrays: Arrays) -> None:
    outcome = checked(arrays)

    assert outcome["success"]
    assert outcome["failed"] == []
    assert [(item["set"], item["name"]) for item in outcome["expectations"]] == [
        *(("train", name) for name in NAMES),
        *(("test", name) for name in [*NAMES, "leaked"]),
    ]
    assert all(item["success"] for item in outcome["expectations"])
    assert result(outcome, "train-image-count") == {
        "name": "image-count",
        "set": "train",
        "description": "The training set has 60 images.",
        "success": True,
        "expected": "60",
        "observed": "60",
        "unexpected_images": None,
        "unexpected_share": None,
        "first_unexpected": [],
    }


def cut(arrays: Arrays, name: str, count: int) -> None:
    arrays[name] = arrays[name][:count]


def put(arrays: Arrays, name: str, place: int | tuple[int | list[int], ...], value: float) -> None:
    arrays[name][place] = value


def repeat(arrays: Arrays, name: str, place: int, other: str, source: int) -> None:
    arrays[name][place] = arrays[other][source]


@pytest.mark.parametrize(
    ("spoil", "failed", "observed", "unexpected"),
    [
        (lambda a: cut(a, "train_images", 59), ["train-image-count"], "59", []),
        (lambda a: cut(a, "train_labels", 59), ["train-label-count"], "59", []),
        (lambda a: cut(a, "test_images", 29), ["test-image-count"], "29", []),
        (lambda a: cut(a, "test_labels", 29), ["test-label-count"], "29", []),
        (
            lambda a: put(a, "train_images", (7, 1, 1), np.nan),
            ["train-pixels-present"],
            "1 images",
            [7],
        ),
        (
            lambda a: put(a, "test_images", (3, 0, 0), -6),
            ["test-pixel-minimum"],
            "-6",
            [3],
        ),
        (
            lambda a: put(a, "train_images", ([9, 4], 0, 0), np.inf),
            ["train-pixel-maximum"],
            "inf",
            [4, 9],
        ),
        (lambda a: put(a, "test_images", 29, 1), ["test-blank"], "1 images", [29]),
        (
            lambda a: repeat(a, "train_images", 50, "train_images", 8),
            ["train-duplicate"],
            "1 images",
            [50],
        ),
        (
            lambda a: repeat(a, "test_images", 5, "train_images", 8),
            ["test-leaked"],
            "1 images",
            [5],
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) and value else None,
)
def test_what_is_wrong_with_the_data_fails_the_expectation_about_it(
    arrays: Arrays,
    spoil: Callable[[Arrays], None],
    failed: list[str],
    observed: str,
    unexpected: list[int],
) -> None:
    spoil(arrays)

    outcome = checked(arrays)

    assert outcome["failed"] == failed
    assert not outcome["success"]
    found = result(outcome, failed[0])
    assert found["observed"] == observed
    assert found["first_unexpected"] == unexpected


def test_a_label_of_no_class_is_found_and_spoils_no_other_result(arrays: Arrays) -> None:
    arrays["train_labels"][[10, 20]] = 3

    outcome = checked(arrays, class_share_minimum=0.0)

    assert outcome["failed"] == ["train-label-domain"]
    found = result(outcome, "train-label-domain")
    assert (found["expected"], found["observed"]) == ("0 to 2", "0 to 3")
    assert found["first_unexpected"] == [10, 20]
    assert found["unexpected_share"] == pytest.approx(2 / 60, abs=1e-8)
    # 2 of 60 labels; the largest class lost none of its 20.
    shares = result(outcome, "train-class-share")["observed"]
    assert shares.startswith("3.33333 % (3) to 33.3333 % (")


def test_an_absent_class_is_named(arrays: Arrays) -> None:
    arrays["test_labels"] = np.arange(30, dtype=np.uint8) % 2

    outcome = checked(arrays, class_share_maximum=0.5)

    assert outcome["failed"] == ["test-every-class"]
    found = result(outcome, "test-every-class")
    assert found["observed"] == "star absent"
    assert found["description"] == "Every class occurs: circle, square, star."


def test_a_class_with_too_large_a_share_is_named(arrays: Arrays) -> None:
    arrays["train_labels"][:] = [0] * 30 + [1] * 12 + [2] * 18

    outcome = checked(arrays)

    assert outcome["failed"] == ["train-class-share"]
    found = result(outcome, "train-class-share")
    assert found["observed"] == "20 % (square) to 50 % (circle)"
    assert found["unexpected_images"] == 42
    assert found["first_unexpected"] == list(range(20))


def test_equal_shares_are_said_once(arrays: Arrays) -> None:
    found = result(checked(arrays), "train-class-share")

    assert (found["expected"], found["observed"]) == ("30 % to 40 %", "33.3333 % each")
    assert (
        result(checked(arrays, class_share_minimum=0.4), "train-class-share")["expected"] == "40 %"
    )


def test_images_of_another_size_fail_by_height_and_width(arrays: Arrays) -> None:
    outcome = checked(arrays, height=3, width=4)

    assert outcome["failed"] == ["train-height", "train-width", "test-height", "test-width"]
    found = result(outcome, "train-width")
    assert (found["expected"], found["observed"]) == ("4", "3")
    assert found["unexpected_images"] == 60


@pytest.mark.parametrize(("allowed", "failed"), [(0.1, []), (0.0999, ["test-blank"])])
def test_an_allowed_share_may_be_reached_and_not_exceeded(
    arrays: Arrays, allowed: float, failed: list[str]
) -> None:
    # The pixels of each differ from the others', so that only blank is what they are.
    for index in range(3):
        arrays["test_images"][index] = index

    outcome = checked(arrays, blank_share=allowed)

    assert outcome["failed"] == failed
    assert result(outcome, "test-blank")["unexpected_share"] == 0.1


@pytest.mark.parametrize("share", [59, 61, 184])
def test_an_allowed_share_is_not_missed_by_rounding(share: int) -> None:
    # For these counts, 1 - count / 1000 is above the share of the other images.
    arrays: Arrays = {
        "train_images": np.arange(6000, dtype=np.float32).reshape(1000, 2, 3),
        "train_labels": np.arange(1000, dtype=np.uint8) % 3,
        "test_images": -1 - np.arange(60, dtype=np.float32).reshape(10, 2, 3),
        "test_labels": np.arange(10, dtype=np.uint8) % 3,
    }
    arrays["train_images"][:share] = np.arange(share)[:, None, None] + 0.5
    bounds = {"train_images": 1000, "test_images": 10, "pixel_maximum": 6000.0}
    bounds |= {"pixel_minimum": -61.0, "blank_share": share / 1000}

    assert checked(arrays, **bounds)["failed"] == []


@pytest.mark.parametrize("empty", ["images", "labels", "images and labels"])
def test_a_set_without_images_or_labels_fails_and_does_not_crash(
    arrays: Arrays, empty: str
) -> None:
    if "images" in empty:
        cut(arrays, "test_images", 0)
    if "labels" in empty:
        cut(arrays, "test_labels", 0)

    outcome = checked(arrays)

    assert ("test-image-count" in outcome["failed"]) == ("images" in empty)
    assert ("test-label-count" in outcome["failed"]) == ("labels" in empty)
    assert json.loads(json.dumps(outcome, allow_nan=False)) == outcome


def test_real_mnist_meets_the_expectations_of_its_size(small_mnist: dict[str, Array]) -> None:
    bounds = {"train_images": 600, "test_images": 200, "height": 28, "width": 28}
    bounds |= {"pixel_minimum": 0, "pixel_maximum": 255}
    shares = {"class_share_minimum": 0.05, "class_share_maximum": 0.2}

    outcome = check_all(
        gather(small_mnist),
        Expectations.model_validate(BOUNDS | bounds | shares),
        list("0123456789"),
    )

    assert outcome["failed"] == []


def test_the_same_facts_give_the_same_bytes(arrays: Arrays) -> None:
    arrays["train_images"][7] = np.nan
    facts = gather(arrays)

    first = json.dumps(check_all(facts, Expectations.model_validate(BOUNDS), CLASSES))
    second = json.dumps(check_all(facts, Expectations.model_validate(BOUNDS), CLASSES))

    assert first == second


def test_nothing_is_written_to_the_terminal(
    arrays: Arrays, capfd: pytest.CaptureFixture[str]
) -> None:
    checked(arrays)

    assert capfd.readouterr() == ("", "")


def test_only_this_module_pays_for_great_expectations() -> None:
    command = "import sys, stages.dataset.checks, stages.dataset.checks_page, stages.dataset.idx"
    report = "print([name for name in sys.modules if 'great_expectations' in name])"

    done = subprocess.run(
        [sys.executable, "-c", f"{command}; {report}"], check=True, capture_output=True, text=True
    )

    assert done.stdout == "[]\n"
