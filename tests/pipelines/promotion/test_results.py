"""The files that a gate reads, with known kinds of damage."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipelines.dvc.changes import METRICS
from pipelines.errors import PipelineError
from pipelines.promotion.results import (
    BINS,
    CHECKS,
    CLASSES,
    ERRORS,
    GATE_INPUTS,
    PAIRS,
    PREDICTIONS,
    in_folder,
)
from tests.pipelines.gate_inputs import Contents, read, record


@pytest.fixture
def contents(finished_reports: Path) -> Contents:
    """What a run writes, by path: answers of the nearest class mean to 200 images of MNIST."""
    return {
        path: (finished_reports.parent / path).read_bytes() for path in (*GATE_INPUTS, PREDICTIONS)
    }


def refusal(contents: Mapping[str, bytes], **parts: Any) -> str:
    """The one sentence with which results are refused."""
    with pytest.raises(PipelineError) as refused:
        read(contents, **parts)
    output = str(refused.value)
    assert "\n" not in output
    assert output.startswith("here: ")
    assert output.endswith(".")
    assert len(output) < 700
    return output


def replaced(contents: Contents, path: str, pattern: str, other: str) -> Contents:
    """Replace the first text that fits a pattern in a file."""
    text, count = re.subn(pattern, other, contents[path].decode(), count=1, flags=re.MULTILINE)
    assert count == 1
    return contents | {path: text.encode()}


def test_valid_results_are_read_with_and_without_predictions(contents: Contents) -> None:
    found = read(contents)

    rows = [line.split(",") for line in contents[PREDICTIONS].decode().splitlines()[1:]]
    wrong = frozenset(int(row[0]) for row in rows if row[1] != row[2])
    sevens = [row for row in rows if row[1] == "7"]
    assert 40 < len(wrong) < 100
    assert (found.images, found.errors) == (200, wrong)
    assert found.accuracy == 1 - len(wrong) / 200
    assert found.recalls["7"] == pytest.approx(
        sum(row[2] == "7" for row in sevens) / len(sevens), abs=1e-6
    )
    assert found.failed_checks == ()
    assert found.tested_on.classes == tuple("0123456789")
    del contents[PREDICTIONS]
    assert read(contents) == found


@pytest.mark.parametrize(
    ("path", "pattern", "other", "found"),
    [
        (METRICS, r'"accuracy": 0\.\d+', '"accuracy": 1e999', "the number 1e999, which is not"),
        (
            METRICS,
            r'"accuracy": 0\.\d+',
            '"accuracy": NaN',
            "the number NaN, which JSON does not allow",
        ),
        (METRICS, r'"accuracy": 0\.\d+', '"accuracy": "1"', 'must be a valid number, found "1"'),
        (METRICS, r'"accuracy": 0\.\d+', '"accuracy": true', "must be a valid number, found true"),
        (METRICS, r'"accuracy": 0\.\d+', '"accuracy": 1.5', "must be from 0 to 1, found 1.5"),
        (METRICS, r'"accuracy": 0\.\d+', '"accuracy": 1', "test.accuracy of metrics.json to be"),
        (METRICS, r'"accuracy_low": 0\.', '"accuracy_low": 0.0', "test.accuracy_low of metrics"),
        (METRICS, r'"accuracy_high": 0\.', '"accuracy_high": 0.0', "test.accuracy_high of metrics"),
        (METRICS, r'"images": 200', '"images": 0', "test.images must be from 1"),
        (METRICS, r'"images": 200', '"images": 2e2', "test.images must be a valid integer"),
        (METRICS, r'"images": 200', '"images": 100', "test.images of metrics.json to be 200"),
        (METRICS, r'"errors": ', '"errors": -', "test.errors must be greater than or equal to 0"),
        (METRICS, r'"errors": ', '"errors": 1', "test.errors of metrics.json to be"),
        (METRICS, r'"loss": ', '"loss": 9', "test.loss of metrics.json to be"),
        (METRICS, r'"calibration_error": 0\.', '"calibration_error": 0.0', "calibration_error of"),
        (METRICS, r'"images": 200', '"images": 200, "images": 200', 'the key "images" twice'),
        (METRICS, r'"images": 200', '"images": 200, "extra": 1', "test.extra is unknown"),
        (METRICS, r'"images": 200,', "", "test.images is missing"),
        (METRICS, r'"sha256": "', '"sha256": "0', "weights.sha256 must be 64 digits"),
        (CHECKS, r'"failed": \[\]', '"failed": [1]', "failed.0 must be a valid string"),
        (CHECKS, r'"failed": \[\]', '"failed": ["x"]', "failed must be none by the expectations"),
        (
            CHECKS,
            r'"success": true',
            '"success": false',
            "success must be True by the expectations",
        ),
        (CHECKS, r'"set": "train"', '"set": "test"', "test-image-count of checks.json observed"),
        (CLASSES, r"^class,", "name,", "expected the columns class, support, precision, recall"),
        (CLASSES, r"^3,\d+", "3,-1", 'support must be a valid integer, found "-1"'),
        (CLASSES, r"^3,\d+", "3,1.0", 'support must be a valid integer, found "1.0"'),
        (CLASSES, r"^3,\d+,", "3,1,", "the support of class 3 in classes.csv to be"),
        (CLASSES, r"^3,", "4,", "the classes of classes.csv to be"),
        (CLASSES, r"^(3,.*),0?\.?\d+,", r"\1,nan,", 'recall must be a valid number, found "nan"'),
        (CLASSES, r"^(3,.*),0?\.?\d+,", r"\1,1,", "the recall of class 3 in classes.csv to be"),
        (CLASSES, r"^(3,.*),0?\.?\d+,", r"\1,", "4 of 5 cells at line 5"),
        (PAIRS, r"^9,9,.*\n", "", "test.images of metrics.json to be"),
        (PAIRS, r"^9,9,", "9,9,1", "test.images of metrics.json to be"),
        (PAIRS, r"^0,0,", "0,0,-", 'count must be a valid integer, found "-'),
        (PAIRS, r"^(1,1,.*\n)(\d,.*\n)", r"\2\1", "the pairs of confusion_matrix.csv to be"),
        (BINS, r"^(.*),\d+,", r"\1,0,", "images must be from 1"),
        (ERRORS, r"^\d+,", "200,", "expected images from 0 to 199 in misclassified.csv"),
        (ERRORS, r"^(\d+)(,.*\n)\d+", r"\1\2\1", "expected each test image once"),
        (ERRORS, r"^(\d+),\d,(\d)", r"\1,\2,\2", "a right one to image"),
        (ERRORS, r"^(\d+),(\d),(\d),\d", r"\1,\2,\3,x", "the names of image"),
        (
            ERRORS,
            r"^(\d+),\d",
            r"\1,10",
            r"the label of image \d+ in .* to be one of 10 classes, found 10",
        ),
        (ERRORS, r"^(\d+,.*),", r"\1,0.5,", "expected the columns|cells at line"),
        (ERRORS, r"^\d+,.*\n", "", "in misclassified.csv to be"),
        (ERRORS, r"^(\d+,.*\n)(\d+,.*\n)", r"\2\1", "begin with the most confident"),
        (PREDICTIONS, r"^0,7,7,", "0,7,6,", "line 2: expected each class once, found one twice"),
        (PREDICTIONS, r"^0,7,", "0,6,", "line 2: expected label_probability to be that of class 6"),
        (PREDICTIONS, r"^1,", "2,", "the image at place 1 of predictions.csv to be 1"),
        (PREDICTIONS, r"^199,.*\n", "", "test.images of metrics.json to be 199"),
    ],
)
def test_invalid_results_are_rejected_in_one_sentence(
    contents: Contents, path: str, pattern: str, other: str, found: str
) -> None:
    assert re.search(found, refusal(replaced(contents, path, pattern, other)))


@pytest.mark.parametrize("path", GATE_INPUTS)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"test":' * 100_000,
        b"\xff\xfe\x00",
        b"version https://git-lfs.github.com/spec/v1\n",
    ],
)
def test_another_kind_of_file_is_rejected_in_one_sentence(
    contents: Contents, path: str, content: bytes
) -> None:
    assert f"here: {path}: " in refusal(contents | {path: content})


@pytest.mark.parametrize("path", [*GATE_INPUTS, PREDICTIONS])
def test_malformed_tables_are_rejected_in_one_sentence(contents: Contents, path: str) -> None:
    assert "a byte order mark" in refusal(contents | {path: b"\xef\xbb\xbf" + contents[path]})
    refusal(contents | {path: contents[path].splitlines(keepends=True)[0]})
    if path != PREDICTIONS:
        del contents[path]
        assert refusal(contents).startswith(f"here: expected {path}, found none; run ")


def test_results_without_errors_are_valid() -> None:
    header = b"index,label,predicted,label_name,predicted_name,confidence,label_probability\n"
    measured = (
        b'{"test": {"accuracy": 1.0, "accuracy_low": 0.34238, "accuracy_high": 1.0, "errors": 0, '
        b'"images": 2, "loss": 0.105361, "calibration_error": 0.1}, "validation": {"accuracy": 1.0'
        b'}, "weights": {"sha256": "%s"}}' % (b"a" * 64)
    )
    check = (
        b'{"name": "n", "set": "test", "description": "", "success": true, "expected": "", '
        b'"observed": "", "unexpected_images": null, "unexpected_share": null, '
        b'"first_unexpected": []}'
    )
    found = read(
        {
            METRICS: measured,
            CHECKS: b'{"success": true, "failed": [], "expectations": [%s]}' % check,
            CLASSES: b"class,support,precision,recall,f1\na,1,1,1,1\nb,1,1,1,1\n",
            PAIRS: b"actual,predicted,count\na,a,1\nb,b,1\n",
            BINS: b"low,high,images,confidence,accuracy\n0.866667,0.933333,2,0.9,1\n",
            ERRORS: header,
            PREDICTIONS: b"index,label,predicted,confidence,label_probability,class_2,"
            b"probability_2\n0,0,0,0.9,0.9,1,0.1\n1,1,1,0.9,0.9,0,0.1\n",
        },
        classes=["a", "b"],
    )
    assert (found.accuracy, found.errors) == (1, frozenset())


def test_results_that_dvc_lock_does_not_record_are_rejected(contents: Contents) -> None:
    lock = record(contents)
    other = replaced(contents, METRICS, r'"accuracy": 0\.8$', '"accuracy": 0.9')
    assert re.search(
        r"expected reports/metrics\.json to have the MD5 that dvc\.lock records, \w{32}, found \w",
        refusal(other, lock=lock),
    )
    unrecorded = record({path: contents[path] for path in contents if path != CLASSES})
    assert "expected reports/classes.csv to have the MD5" in refusal(contents, lock=unrecorded)
    stale = contents[PREDICTIONS].replace(b"e-05", b"e-06")
    assert refusal(contents | {PREDICTIONS: stale}, lock=lock).endswith(
        "; `dvc checkout reports/predictions.csv`."
    )


@pytest.mark.parametrize(
    ("lock", "found"),
    [
        (b"", "expected dvc.lock to record the stages fetch and evaluate"),
        (b"stages: null", "expected dvc.lock to record the stages fetch and evaluate"),
        (b"stages: {evaluate: null}", "expected dvc.lock to record the stages fetch and evaluate"),
        (b"<<<<<<< ours\na: 1\n=======\n", "dvc.lock: expected a YAML file, found a mistake"),
        (b"[" * 100_000, "dvc.lock: expected a YAML file, found values nested more than 64"),
    ],
)
def test_lock_that_dvc_did_not_write_is_rejected(
    contents: Contents, lock: bytes, found: str
) -> None:
    assert found in refusal(contents, lock=lock)


@pytest.mark.parametrize(
    "classes", [list("012345678x"), list("9876543210"), ["0", "1"], ["0"] * 10]
)
def test_classes_of_other_parameters_are_rejected(contents: Contents, classes: list[str]) -> None:
    assert "the classes of classes.csv to be" in refusal(contents, classes=classes)


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_folder_instead_of_a_file_is_rejected(
    make: Callable[[Path], object], tmp_path: Path
) -> None:
    (tmp_path / "reports").mkdir()
    make(tmp_path / METRICS)

    with pytest.raises(PipelineError, match=r"^reports/metrics\.json: expected a .*file, found "):
        in_folder(tmp_path)(METRICS)


def test_huge_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    with (tmp_path / METRICS).open("wb") as file:
        file.truncate(1 << 33)

    with pytest.raises(PipelineError, match="expected at most 16777216 bytes, found more"):
        in_folder(tmp_path)(METRICS)
