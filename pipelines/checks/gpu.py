"""Check whether the machine has the device that ``params.yaml`` requests."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pynvml

from pipelines.checks.result import Result
from pipelines.system.process import TimedOutError, run
from stages.params.file import read_params
from stages.shared.parameters import ParameterError

# A separate process runs this: no module of this package imports TensorFlow.
_COUNT = "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"
_PATIENCE = 120


def examine(folder: Path) -> Iterator[Result]:
    """Check the parameters in a folder and the device that they request."""
    try:
        device = read_params(folder / "params.yaml").machine.device
    except ParameterError as error:
        # The stash keeps the edits.
        yield Result("parameters", "missing", str(error), "git stash push -- params.yaml")
        return
    yield Result("parameters", "ok", "Each value of params.yaml is known and in its range.")
    there = count()
    yield judge(device, there, usable(folder) if there and device != "cpu" else 0)


def count() -> int:
    """Return the number of GPUs that NVIDIA's driver finds; 0 without a driver."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return 0
    try:
        return int(pynvml.nvmlDeviceGetCount())
    finally:
        pynvml.nvmlShutdown()


def usable(folder: Path) -> int:
    """Return the number of GPUs that TensorFlow can use; 0 if the count fails."""
    lines: list[str] = []
    try:
        run([sys.executable, "-c", _COUNT], folder, lines.append, _PATIENCE)
    except TimedOutError:
        return 0
    return int(lines[-1]) if lines and lines[-1].isdecimal() else 0


def judge(device: Literal["auto", "cpu", "gpu"], there: int, usable_: int) -> Result:
    """Compare what ``machine.device`` requests with what the machine has.

    Args:
        device: ``machine.device`` of ``params.yaml``.
        there: number of GPUs that the driver finds.
        usable_: number of those that TensorFlow can use.
    """
    if device == "cpu":
        return Result("GPU", "ok", "None is needed: machine.device is cpu.")
    if usable_:
        return Result("GPU", "ok", f"TensorFlow can use {usable_} of {there}.")
    needed: Literal["warning", "missing"] = "missing" if device == "gpu" else "warning"
    if there:
        finding = f"Expected TensorFlow to use a GPU, found {there} that it cannot use."
        return Result("GPU", needed, finding, "make setup EXTRA=gpu")
    if device == "auto":
        return Result("GPU", "ok", "There is none: machine.device is auto, and takes the CPU.")
    finding = "Expected one, for machine.device is gpu, found no NVIDIA driver that knows one."
    fix = "sed -i 's/^  device: gpu/  device: auto/' params.yaml"
    return Result("GPU", "missing", finding, fix)
