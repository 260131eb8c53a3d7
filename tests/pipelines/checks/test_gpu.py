import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.checks import gpu
from stages.params.file import read_params
from tests.helpers import ROOT

Edit = Callable[[Path, str, Any], None]
NO_GPU = pytest.mark.skipif(gpu.count_gpus() > 0, reason="needs a machine without a GPU")


@NO_GPU
def test_project_parameters_and_the_cpu_are_ok(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    states = {result.part: result.state for result in gpu.run_checks(tmp_path)}
    assert states == {"parameters": "ok", "GPU": "ok"}


@NO_GPU
def test_missing_gpu_that_the_parameters_request_is_reported(tmp_path: Path, edit: Edit) -> None:
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    edit(tmp_path / "params.yaml", "machine.device", "gpu")
    *_, result = gpu.run_checks(tmp_path)
    assert (result.part, result.state) == ("GPU", "missing")
    assert "machine.device is gpu" in result.finding


@NO_GPU
def test_tensorflow_finds_no_gpu_on_a_machine_without_one() -> None:
    assert gpu.count_usable_gpus(ROOT) == 0


def test_invalid_parameters_end_the_checks(tmp_path: Path, edit: Edit) -> None:
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    edit(tmp_path / "params.yaml", "machine.device", "abacus")
    (result,) = gpu.run_checks(tmp_path)
    assert (result.part, result.state) == ("parameters", "missing")
    assert "machine.device must be 'auto', 'cpu' or 'gpu', found" in result.finding


@pytest.mark.parametrize(
    ("device", "found", "usable", "state", "fix"),
    [
        ("cpu", 1, 0, "ok", ""),
        ("auto", 0, 0, "ok", ""),
        ("auto", 2, 2, "ok", ""),
        ("gpu", 1, 1, "ok", ""),
        ("auto", 1, 0, "warning", "make setup EXTRA=gpu"),
        ("gpu", 1, 0, "missing", "make setup EXTRA=gpu"),
        ("gpu", 0, 0, "missing", "sed -i 's/^  device: gpu/  device: auto/' params.yaml"),
    ],
)
def test_gpu_check_depends_on_the_requested_device(
    device: Any, found: int, usable: int, state: str, fix: str
) -> None:
    result = gpu.check_device(device, found, usable)
    assert (result.state, result.fix) == (state, fix)


def test_suggested_command_stops_requesting_the_gpu(tmp_path: Path, edit: Edit) -> None:
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    edit(tmp_path / "params.yaml", "machine.device", "gpu")
    command = gpu.check_device("gpu", 0, 0).fix
    subprocess.run(command, cwd=tmp_path, check=True, shell=True)  # noqa: S602
    assert read_params(tmp_path / "params.yaml").machine.device == "auto"
