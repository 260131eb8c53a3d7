"""Check whether the machine has the device that ``params.yaml`` requests."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pynvml

from pipelines.checks.result import CheckResult
from pipelines.system.process import TimedOutError, run
from stages.params.file import read_params
from stages.shared.parameters import ParameterError

# A separate process runs this: no module of this package imports TensorFlow.
_COUNT = "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"
_TIMEOUT = 120


def run_checks(folder: Path) -> Iterator[CheckResult]:
    """Check the parameters in a folder and the device that they request."""
    try:
        device = read_params(folder / "params.yaml").machine.device
    except ParameterError as error:
        # The stash keeps the edits.
        yield CheckResult("parameters", "missing", str(error), "git stash push -- params.yaml")
        return
    yield CheckResult("parameters", "ok", "All values of params.yaml are valid.")
    found = count_gpus()
    yield check_device(device, found, count_usable_gpus(folder) if found and device != "cpu" else 0)


def count_gpus() -> int:
    """Return the number of GPUs that NVIDIA's driver finds; 0 without a driver."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return 0
    try:
        return int(pynvml.nvmlDeviceGetCount())
    finally:
        pynvml.nvmlShutdown()


def count_usable_gpus(folder: Path) -> int:
    """Return the number of GPUs that TensorFlow can use; 0 if the count fails."""
    lines: list[str] = []
    try:
        run([sys.executable, "-c", _COUNT], folder, lines.append, _TIMEOUT)
    except TimedOutError:
        return 0
    return int(lines[-1]) if lines and lines[-1].isdecimal() else 0


def check_device(device: Literal["auto", "cpu", "gpu"], found: int, usable: int) -> CheckResult:
    """Compare what ``machine.device`` requests with what the machine has.

    Args:
        device: ``machine.device`` of ``params.yaml``.
        found: number of GPUs that the driver finds.
        usable: number of those that TensorFlow can use.
    """
    if device == "cpu":
        return CheckResult("GPU", "ok", "Not needed: machine.device is cpu.")
    if usable:
        return CheckResult("GPU", "ok", f"TensorFlow can use {usable} of {found}.")
    needed: Literal["warning", "missing"] = "missing" if device == "gpu" else "warning"
    if found:
        finding = f"Expected TensorFlow to use a GPU, found that it cannot use any of {found}."
        return CheckResult("GPU", needed, finding, "make setup EXTRA=gpu")
    if device == "auto":
        return CheckResult(
            "GPU", "ok", "None found; stages use the CPU, because machine.device is auto."
        )
    finding = "Expected a GPU, because machine.device is gpu; the NVIDIA driver finds none."
    fix = "sed -i 's/^  device: gpu/  device: auto/' params.yaml"
    return CheckResult("GPU", "missing", finding, fix)
