"""Tests of a training on two machines, which are two processes here, connected over loopback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stages import standardize
from stages.shared import artifacts
from stages.shared.artifacts import Array
from tests.helpers import ROOT, free_ports, wait_until
from tests.small_mnist import write_small_params, yaml

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory, small_mnist: dict[str, Array]) -> list[str]:
    """The stage ``train`` with everything that depends on a batch, in 5 epochs of 10 steps."""
    folder = tmp_path_factory.mktemp("inputs")
    write_small_params(folder / "params.yaml")
    content = yaml.load(folder / "params.yaml")
    fast = content["recipes"]["fast"]
    # With larger steps, rounding errors grow to other digits within these epochs.
    fast["training"] |= {"epochs": 5, "batch_size": 50, "learning_rate": 0.0001}
    fast["training"]["augmentation"]["elastic"] = 1
    fast["network"]["dropout"] = 0.25
    yaml.dump(content, folder / "params.yaml")
    for name, array in small_mnist.items():
        artifacts.write_array(folder / "arrays" / f"{name}.npy", array)
    standardize.main(folder / "arrays", folder / "standardization.safetensors")
    artifacts.write_array(folder / "split" / "fit.npy", np.arange(500))
    artifacts.write_array(folder / "split" / "validation.npy", np.arange(500, 600))
    return [
        sys.executable, "-m", "stages", "train",
        "--params", str(folder / "params.yaml"),
        "--arrays", str(folder / "arrays"),
        "--indices", str(folder / "split"),
        "--standardization", str(folder / "standardization.safetensors"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(command: list[str], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The folders of two machines that have trained together, with nothing disturbed."""
    folders = [tmp_path_factory.mktemp(name) for name in ("first", "second")]
    for code, written in ends(start(command, folders)):
        assert code == 0, written
    return folders


def outputs(folder: Path) -> list[str]:
    return [
        "--models", str(folder),
        "--weights", str(folder / "train.safetensors"),
        "--history", str(folder / "history.csv"),
    ]  # fmt: skip


def start(command: list[str], folders: list[Path]) -> list[subprocess.Popen[str]]:
    """Start a machine for each folder, to which it would write."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(len(folders))]
    processes = []
    for index, folder in enumerate(folders):
        machines = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        processes.append(
            subprocess.Popen(
                command + outputs(folder),
                cwd=ROOT,
                env=os.environ | {"TF_CONFIG": json.dumps(machines)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    return processes


def ends(processes: list[subprocess.Popen[str]]) -> list[tuple[int, str]]:
    """Wait until all have ended; give their exit codes and what they wrote."""
    written = [process.communicate()[1] for process in processes]
    return [(process.returncode, text) for process, text in zip(processes, written, strict=True)]


def test_two_machines_train_as_one_does_and_the_first_writes_the_results(
    command: list[str], undisturbed: list[Path], tmp_path: Path
) -> None:
    first, second, one = *undisturbed, tmp_path
    ((code, written),) = ends(start(command, [one]))
    assert code == 0, written

    assert not list(second.rglob("*.*"))
    history, expected = (artifacts.read_table(at / "history.csv") for at in (first, one))
    assert history["loss"].tolist() == pytest.approx(expected["loss"].tolist(), rel=1e-4)
    weights, known = (artifacts.read_tensors(at / "train.safetensors") for at in (first, one))
    for name, array in known.items():
        assert weights[name] == pytest.approx(array, abs=1e-3), name
    entry = next(iter(artifacts.read_json(first / "provenance.json")["train"].values()))
    assert entry["machines"] == 2


@pytest.mark.parametrize("victim", [0, 1])
def test_a_machine_that_dies_ends_all_and_the_same_command_continues_to_the_same_bytes(
    command: list[str], undisturbed: list[Path], tmp_path: Path, victim: int
) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    processes = start(command, folders)
    wait_until(lambda: list(folders[0].glob("checkpoints/*.safetensors")))
    processes[victim].kill()
    code, written = ends(processes)[1 - victim]
    assert code == 1
    assert "error: expected every machine to train to the end, found that one has gone" in written
    assert "Traceback" not in written

    (code, written), (other_code, _) = ends(start(command, folders))
    assert [code, other_code] == [0, 0]
    assert "continuing after epoch" in written
    for name in ("train.safetensors", "history.csv"):
        assert (folders[0] / name).read_bytes() == (undisturbed[0] / name).read_bytes()
