"""The command that a person with a GPU runs, with the CPU in its place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from benchmarks.gpu import Check, Outcome, checked, main, tables, ways_on
from stages.shared.command import run

pytestmark = pytest.mark.slow

OUTCOME = Outcome(
    loss=0.5, accuracy=0.99, epoch_seconds=1.5, weights="a" * 64, hardware={"cpu": "one"}
)
Captured = pytest.CaptureFixture[str]


def gpu_check(*options: str) -> object:
    """Run the command, and give its exit code."""
    try:
        run(main, options)
    except SystemExit as end:
        return end.code
    return 0


def test_each_way_trains_and_is_reported(
    small_arrays: Path,
    small_params: Path,
    edit: Callable[[Path, str, Any], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
) -> None:
    convolution = {"channels": 4, "kernel": 5, "padding": "VALID"}
    pool = {"pool": 2, "pool_stride": 2, "pool_padding": "SAME"}
    edit(small_params, "recipes.fast.network.convolutions", [convolution | pool])
    monkeypatch.chdir(small_params.parent)

    code = gpu_check("--device", "cpu", "--epochs", "2", "--arrays", str(small_arrays))

    # Accuracies on so few images are too coarse to be near each other for certain.
    assert code in {0, 3}
    printed = capsys.readouterr().out
    for output in (
        "| devices | /device:CPU:0 |",
        "| bfloat16 | ",
        "| XLA | ",
        "| float32 is deterministic | the same weights | ok |",
        "| CPU is near float32 | loss +0.0%, accuracy +0.00 percentage points | ok |",
    ):
        assert output in printed
    assert "failed" not in printed


def test_a_missing_gpu_is_an_error_of_one_sentence(capsys: Captured) -> None:
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU")

    assert gpu_check() == 1
    assert capsys.readouterr() == (
        "",
        "error: expected a GPU that TensorFlow can use, found none; on a machine that has one: "
        "make setup EXTRA=gpu, then python -m benchmarks.gpu.\n",
    )


def test_missing_images_are_an_error_of_one_sentence(tmp_path: Path, capsys: Captured) -> None:
    assert gpu_check("--device", "cpu", "--arrays", str(tmp_path)) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: {tmp_path}/train_images.npy: expected a .npy array")
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "outcome", "expected"),
    [
        ("float32 again", OUTCOME, Check("float32 is deterministic", "the same weights", True)),
        (
            "float32 again",
            OUTCOME._replace(weights="b"),
            Check("float32 is deterministic", "other weights", False),
        ),
        (
            "XLA",
            OUTCOME._replace(loss=0.54, accuracy=0.986),
            Check("XLA is near float32", "loss +8.0%, accuracy -0.40 percentage points", True),
        ),
        (
            "XLA",
            OUTCOME._replace(loss=0.56),
            Check("XLA is near float32", "loss +12.0%, accuracy +0.00 percentage points", False),
        ),
        (
            "CPU",
            OUTCOME._replace(accuracy=0.984),
            Check("CPU is near float32", "loss +0.0%, accuracy -0.60 percentage points", False),
        ),
        (
            "float16",
            OUTCOME._replace(loss=float("nan")),
            Check("float16 is near float32", "loss +nan%, accuracy +0.00 percentage points", False),
        ),
    ],
)
def test_each_way_is_held_to_the_first(name: str, outcome: Outcome, expected: Check) -> None:
    assert checked({"float32": OUTCOME, name: outcome}) == [expected]


def test_a_way_that_fails_is_reported_and_the_others_go_on() -> None:
    outcomes: dict[str, Outcome | str] = {
        "float32": OUTCOME,
        "XLA": "InternalError: a | b",
        "CPU": OUTCOME,
    }
    checks = checked(outcomes)

    assert [check.holds for check in checks] == [False, True]
    lines = list(tables(outcomes, checks))
    assert "| cpu | one |" in lines
    assert "| float32 | 99.00% | 0.5000 | 1.50 | aaaaaaaaaaaa |" in lines
    assert "| XLA | failed | | | |" in lines
    assert "| XLA trains | InternalError: a / b | FAILS |" in lines
    assert checked({"float32": "no memory"}) == [Check("float32 trains", "no memory", False)]


def test_a_cpu_is_not_asked_for_float16() -> None:
    assert set(ways_on("gpu")) - set(ways_on("cpu")) == {"float16"}
    assert all(way.device == "cpu" for way in ways_on("cpu").values())
