import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML
from safetensors.numpy import save_file

from pipelines.verification.findings import check_tolerance
from pipelines.verification.tolerances import TOLERANCES, tolerance_of

ROOT = Path(__file__).parents[3]

METRICS: dict[str, dict[str, object]] = {
    "test": {
        "accuracy": 0.9947,
        "errors": 53,
        "images": 10000,
        "loss": 0.05,
        "calibration_error": 0.04,
    },
    "validation": {"accuracy": 0.9938},
    "weights": {"sha256": "a"},
}
PREDICTIONS = "index,label,predicted,p0\n" + "".join(f"{i},1,1,0.5\n" for i in range(1000))

Compare = Callable[[str, str | bytes, str | bytes], str]


@pytest.fixture
def compared(tmp_path: Path) -> Compare:
    """Compare a file on another class of device, by its path and both contents."""

    def compared(path: str, before: str | bytes, after: str | bytes) -> str:
        places = [tmp_path / side / path for side in ("before", "after")]
        for place, content in zip(places, (before, after), strict=True):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        return check_tolerance(path, places[0], places[1], same_class=False).outcome

    return compared


def changed(**sections: dict[str, Any]) -> str:
    return json.dumps({name: value | sections.get(name, {}) for name, value in METRICS.items()})


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        (changed(weights={"sha256": "b"}), "within tolerance"),
        (changed(test={"accuracy": 0.9933}), "within tolerance"),
        (changed(test={"accuracy": 0.9931}), "differs"),
        (changed(validation={"accuracy": 0.9954}), "differs"),
        (changed(test={"errors": 68}), "within tolerance"),
        (changed(test={"errors": 69}), "differs"),
        (changed(test={"loss": 0.0549}), "within tolerance"),
        (changed(test={"loss": 0.0551}), "differs"),
        (changed(test={"loss": None}), "differs"),
        (changed(test={"loss": float("nan")}), "differs"),
        (changed(test={"images": 9999}), "differs"),
        (changed(test={"more": 1}), "differs"),
        ("not JSON", "differs"),
    ],
)
def test_metrics_are_compared_by_their_limits(after: str, outcome: str, compared: Compare) -> None:
    assert compared("reports/metrics.json", changed(), after) == outcome


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [
        ("\n5,1,1,0.5", "\n5,1,7,0.4", "within tolerance"),
        ("\n5,1,1,0.5", "\n5,2,1,0.5", "differs"),
        ("\n5,1,1,0.5", "", "differs"),
        ("1,1,0.5\n", "1,1,0.6\n", "within tolerance"),
        ("1,1,0.5\n", "1,7,0.5\n", "differs"),
        ("predicted", "answer", "differs"),
    ],
)
def test_predictions_may_differ_in_some_labels_only(
    old: str, new: str, outcome: str, compared: Compare
) -> None:
    after = PREDICTIONS.replace(old, new)

    assert compared("reports/predictions.csv", PREDICTIONS, after) == outcome


@pytest.mark.parametrize(("wrong", "outcome"), [(5, "within tolerance"), (6, "differs")])
def test_at_most_half_a_percent_of_the_labels_may_differ(
    wrong: int, outcome: str, compared: Compare
) -> None:
    after = PREDICTIONS.replace(",1,1,", ",1,2,", wrong)

    assert compared("reports/predictions.csv", PREDICTIONS, after) == outcome


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        ("epoch,loss,accuracy\n1,0.54,0.9849\n", "within tolerance"),
        ("epoch,loss,accuracy\n1,0.56,0.98\n", "differs"),
        ("epoch,loss,accuracy\n1,0.5,0.986\n", "differs"),
        ("epoch,loss,accuracy\n2,0.5,0.98\n", "differs"),
        ("epoch,loss,accuracy\n1,0.5,0.98\n2,0.5,0.98\n", "differs"),
    ],
)
def test_history_is_compared_by_its_limits(after: str, outcome: str, compared: Compare) -> None:
    before = "epoch,loss,accuracy\n1,0.5,0.98\n"

    assert compared("reports/history.csv", before, after) == outcome


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        ({"kernel": np.ones((2, 3), np.float32)}, "within tolerance"),
        ({"kernel": np.zeros((3, 2), np.float32)}, "differs"),
        ({"kernel": np.zeros((2, 3), np.float16)}, "differs"),
        ({"other": np.zeros((2, 3), np.float32)}, "differs"),
    ],
)
def test_only_the_shapes_of_weights_are_compared(
    after: dict[str, Any], outcome: str, tmp_path: Path
) -> None:
    save_file({"kernel": np.zeros((2, 3), np.float32)}, tmp_path / "before.safetensors")
    save_file(after, tmp_path / "after.safetensors")
    places = tmp_path / "before.safetensors", tmp_path / "after.safetensors"

    assert check_tolerance("models/train.safetensors", *places, same_class=False).outcome == outcome


def test_weights_that_cannot_be_read_differ(compared: Compare) -> None:
    assert compared("models/train.safetensors", b"a", b"b") == "differs"


@pytest.mark.parametrize(
    ("path", "before", "after", "outcome"),
    [
        ("models/classifier.tflite", "a" * 1000, "b" * 1009, "within tolerance"),
        ("models/classifier.tflite", "a" * 1000, "b" * 1011, "differs"),
        ("reports/index.html", "a", "bbbbb", "within tolerance"),
        ("reports/classes.csv", "a,b\n1,2\n", "a,b\n3,4\n", "within tolerance"),
        ("reports/classes.csv", "a,b\n1,2\n", "a,c\n1,2\n", "differs"),
        ("data/handwriting_digits.npy", "a", "b", "differs"),
        ("reports/checks.json", "1", "2", "differs"),
        ("of another pipeline", "a", "b", "differs"),
    ],
)
def test_each_kind_of_artifact_has_its_own_requirement(
    path: str, before: str, after: str, outcome: str, compared: Compare
) -> None:
    assert compared(path, before, after) == outcome


def test_only_artifacts_that_depend_on_a_network_have_a_tolerance() -> None:
    stages = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
    outputs = {
        (output if isinstance(output, str) else next(iter(output))): stage
        for stage, entry in stages.items()
        for kind in ("outs", "metrics", "plots")
        for output in entry.get(kind, [])
    }
    # dvc.yaml lists a stage after those that it depends on.
    of_network = {"train", "retrain"}
    for stage, entry in stages.items():
        if any(outputs.get(dep) in of_network for dep in entry["deps"]):
            of_network.add(stage)
    assert {"evaluate", "export", "report"} <= of_network

    # The digits are cut out of pictures before a network sees them.
    expected = {path for path, stage in outputs.items() if stage in of_network} - {
        "data/handwriting_digits.npy"
    }

    assert {path for path in outputs if tolerance_of(path)} == expected, (
        "edit TOLERANCES in pipelines/verification/tolerances.py"
    )
    for tolerance in TOLERANCES:
        assert any(tolerance_of(path) is tolerance for path in outputs), tolerance.path


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("reports/metrics.json", b"[" * 100_000),
        ("reports/metrics.json", b'{"test": {"accuracy": 1e999}}'),
        ("reports/history.csv", b"a\n" + b"1" * 200_000),
        ("reports/history.csv", b"\x00"),
        ("reports/predictions.csv", b"index,label\n0,1\n"),
        ("reports/predictions.csv", b""),
        ("reports/classes.csv", b"\xff"),
        ("models/train.safetensors", b"\xff" * 9),
    ],
)
def test_unreadable_artifact_differs(compared: Compare, path: str, content: bytes) -> None:
    assert compared(path, content, content + b"\n") == "differs"
