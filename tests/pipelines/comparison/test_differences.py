from typing import Any

import pytest

from pipelines.comparison import differences
from pipelines.comparison.differences import NOTHING, EvaluationSet, Row, shown
from stages.results.models import Check, Checks


def test_changed_added_and_removed_parameters_are_listed() -> None:
    changes: dict[str, dict[str, object]] = {
        "recipe": {"old": "fast", "new": "tutorial"},
        "epochs": {"old": 3, "new": 30, "diff": 27},
        "views": {"old": None, "new": 5},
        "seed": {"old": 1},
        "flips": {"old": True, "new": False, "diff": -1},
    }

    assert differences.of_params(changes) == [
        Row("epochs", "3", "30", "+27"),
        Row("flips", "true", "false"),
        Row("recipe", "fast", "tutorial"),
        Row("seed", "1", NOTHING),
        Row("views", NOTHING, "5"),
    ]


def test_metrics_have_intervals_and_accuracy_has_its_significance() -> None:
    changes: dict[str, dict[str, object]] = {
        "test.accuracy": {"old": 0.99, "new": 0.9925, "diff": 0.0025},
        "test.accuracy_low": {"old": 0.98, "new": 0.985, "diff": 0.005},
        "test.accuracy_high": {"old": 0.995, "new": 0.997, "diff": 0.002},
        "test.images": {"old": 400, "new": 400, "diff": 0},
        "weights.sha256": {"old": "a" * 64, "new": "b" * 64},
    }

    assert differences.of_metrics(changes, "better (p = 0.01)") == [
        Row(
            "test.accuracy",
            "0.99 (0.98 to 0.995)",
            "0.9925 (0.985 to 0.997)",
            "+0.0025, better (p = 0.01)",
        ),
        Row("test.images", "400", "400"),
        Row("weights.sha256", "a" * 12, "b" * 12),
    ]


def test_missing_metrics_are_a_dash() -> None:
    changes = {
        "test.accuracy": {"old": None, "new": 0.9},
        "test.accuracy_low": {"old": None, "new": 0.8},
        "test.accuracy_high": {"old": None, "new": 1.0},
    }

    assert differences.of_metrics(changes, "not tested") == [
        Row("test.accuracy", NOTHING, "0.9 (0.8 to 1)", "not tested")
    ]


def checks(*passed: bool) -> Checks:
    names = ("images", "classes")
    check: dict[str, Any] = {
        "set": "train",
        "description": "",
        "observed": "5",
        "expected": "6",
        "unexpected_images": None,
        "unexpected_share": None,
        "first_unexpected": (),
    }
    return Checks(
        success=all(passed),
        failed=tuple(
            f"train-{name}" for name, each in zip(names, passed, strict=False) if not each
        ),
        expectations=tuple(
            Check(name=name, success=each, **check)
            for name, each in zip(names, passed, strict=False)
        ),
    )


def test_checks_are_counted_and_differences_are_named() -> None:
    assert differences.of_checks(checks(True, True), checks(True, False)) == [
        Row("passed", "2 of 2", "1 of 2"),
        Row("train: classes", "passed: 5, expected 6", "failed: 5, expected 6"),
    ]


def test_removed_check_is_a_dash() -> None:
    assert differences.of_checks(checks(True, True), checks(True))[1:] == [
        Row("train: classes", "passed: 5, expected 6", NOTHING)
    ]


def test_shared_difference_of_trainings_has_one_row_and_lists_show_missing_items() -> None:
    before = {
        name: {"cpu": "one", "instructions": ["avx", "fma"], "threads": 2, "seconds": seconds}
        for name, seconds in (("train", 4), ("retrain", 5))
    }
    after = {
        name: {"cpu": "two", "instructions": ["avx", "vnni"], "threads": 2, "seconds": 4}
        for name in ("train", "retrain")
    }

    assert differences.of_provenance(before, after) == [
        Row("cpu", "one", "two"),
        Row("instructions", "fma", "vnni"),
        Row("retrain: seconds", "5", "4"),
    ]


def test_training_that_one_commit_lacks_has_its_own_rows() -> None:
    both = {"train": {"cpu": "one"}}

    assert differences.of_provenance(both, both | {"retrain": {"cpu": "one"}}) == [
        Row("retrain: cpu", NOTHING, "one")
    ]


def test_versions_are_compared_without_hashes_markers_and_comments() -> None:
    before = (
        "# made by: make lock\n"
        "numpy==2.0.0 \\\n    --hash=sha256:aa\n"
        "tifffile==1.0 ; python_version < '3.12' \\\n    --hash=sha256:bb\n"
        "tifffile==2.0 ; python_version >= '3.12'\n"
        "gone==1\n"
        "same==1\n"
    )
    after = "numpy==2.1.0\ntifffile==2.0\nsame==1\n"

    assert differences.of_libraries(before, after) == [
        Row("gone", "1", NOTHING),
        Row("numpy", "2.0.0", "2.1.0"),
        Row("tifffile", "1.0, 2.0", "2.0"),
    ]


def comparison(new: int) -> dict[str, Any]:
    def error(index: int, before: int, after: int) -> dict[str, int]:
        return {"index": index, "label": 0, "predicted_before": before, "predicted_after": after}

    return {
        "new": [error(index, 0, 1) for index in range(new)],
        "fixed": [error(100, 1, 0)],
        "changed": [error(200, 1, 2)],
        "unchanged": 7,
    }


def test_errors_are_counted_then_named_by_class() -> None:
    assert differences.of_errors(comparison(new=1), ("cat", "dog", "cow"), ("a", "b")) == [
        Row("new", "right", "wrong", "1"),
        Row("fixed", "wrong", "right", "1"),
        Row("changed", "wrong", "wrong, another class", "1"),
        Row("as before", "wrong", "wrong", "7"),
        Row("test image 0, cat", "cat", "dog", "new"),
        Row("test image 100, cat", "dog", "cat", "fixed"),
        Row("test image 200, cat", "dog", "cow", "changed"),
    ]


def test_only_the_first_of_many_errors_are_listed() -> None:
    rows = differences.of_errors(comparison(new=21), ("cat", "dog", "cow"), ("a" * 40, "b" * 40))

    assert len(rows) == 4 + 20 + 1
    assert rows[-1] == Row("3 more: python -m pipelines errors aaaaaaa bbbbbbb", NOTHING, NOTHING)


def lock(**evaluated: Any) -> Any:
    files = {"test_images": {"sha256": "aa"}, "test_labels": {"sha256": "bb"}}
    fetched = {"dataset": "pets", "datasets.pets.files": files}
    return {
        "stages": {
            "fetch": {"params": {"params.yaml": fetched}},
            "evaluate": {"params": {"params.yaml": evaluated}},
        }
    }


def test_test_set_is_read_from_the_lock() -> None:
    found = differences.tested_on(lock(**{"datasets.pets.classes": ["cat", "dog"]}))

    assert found == EvaluationSet("aa", "bb", ("cat", "dog"))


@pytest.mark.parametrize(
    "other",
    [
        None,
        {},
        {"stages": None},
        "text",
        [],
        lock(),
        lock(**{"datasets.pets.classes": None}),
        lock(**{"datasets.pets.classes": [0, 1]}),
    ],
)
def test_lock_without_a_test_set_gives_none(other: Any) -> None:
    assert differences.tested_on(other) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, NOTHING),
        (True, "true"),
        (3, "3"),
        (0.1 + 0.2, "0.3"),
        (1e-05, "1e-05"),
        ("c" * 40, "c" * 12),
        ("a word", "a word"),
    ],
)
def test_numbers_and_hashes_are_shortened_but_text_is_not(value: Any, text: str) -> None:
    assert shown(value) == text
