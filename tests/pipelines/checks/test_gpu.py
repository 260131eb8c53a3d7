import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.checks import gpu
from stages.params import read_params
from tests.pipelines.prefect_server import ROOT

Edit = Callable[[Path, str, Any], None]
NO_GPU = pytest.mark.skipif(gpu.count_gpus() > 0, reason="needs a machine without a GPU")


@NO_GPU
def test_the_projects_parameters_and_the_cpu_are_fine(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    states = {result.part: result.state for result in gpu.run_checks(tmp_path)}
    assert states == {"parameters": "ok", "GPU": "ok"}


@NO_GPU
def test_gpu_that_the_parameters_ask_for_is_missing(tmp_path: Path, edit: Edit) -> None:
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    edit(tmp_path / "params.yaml", "machine.device", "gpu")
    *_, result = gpu.run_checks(tmp_path)
    assert (result.part, result.state) == ("GPU", "missing")
    assert "machine.device is gpu" in result.finding


@NO_GPU
def test_tensorflow_can_use_none_where_there_is_none() -> None:
    assert gpu.count_usable_gpus(ROOT) == 0


def test_parameters_that_are_refused_are_missing_and_end_the_checks(
    tmp_path: Path, edit: Edit
) -> None:
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
def test_a_gpu_is_judged_by_what_the_parameters_ask_for(
    device: Any, found: int, usable: int, state: str, fix: str
) -> None:
    result = gpu.check_device(device, found, usable)
    assert (result.state, result.fix) == (state, fix)


def test_the_command_that_gives_the_gpu_up_does_so(tmp_path: Path, edit: Edit) -> None:
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    edit(tmp_path / "params.yaml", "machine.device", "gpu")
    command = gpu.check_device("gpu", 0, 0).fix
    subprocess.run(command, cwd=tmp_path, check=True, shell=True)  # noqa: S602
    assert read_params(tmp_path / "params.yaml").machine.device == "auto"
