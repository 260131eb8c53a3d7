import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stages import standardize, train
from stages.model.classifier import CALIBRATION
from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.training import checkpoint
from stages.training.loop import TrainingLoop

Edit = Callable[[Path, str, Any], None]


@pytest.fixture
def indices(tmp_path: Path) -> Path:
    artifacts.write_array(tmp_path / "split" / "fit.npy", np.arange(500))
    artifacts.write_array(tmp_path / "split" / "validation.npy", np.arange(500, 600))
    return tmp_path / "split"


@pytest.fixture
def standardization(small_arrays: Path, tmp_path: Path) -> Path:
    path = tmp_path / "standardization.safetensors"
    standardize.main(small_arrays, path)
    return path


def test_the_same_run_twice_writes_the_same_bytes(
    small_params: Path,
    small_arrays: Path,
    indices: Path,
    standardization: Path,
    tmp_path: Path,
) -> None:
    for run in ("one", "other"):
        train.main(
            small_params,
            small_arrays,
            standardization,
            models=tmp_path / "models",
            indices=indices,
            weights=tmp_path / run / "weights.safetensors",
            history=tmp_path / run / "history.csv",
        )

    for name in ("weights.safetensors", "history.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()
    history = artifacts.read_table(tmp_path / "one" / "history.csv")
    assert list(history.columns) == ["epoch", "loss", "accuracy"]
    assert history["epoch"].tolist() == [1, 2]


def test_the_training_on_all_images_takes_the_temperature_of_the_validated_one(
    small_params: Path,
    small_arrays: Path,
    indices: Path,
    standardization: Path,
    tmp_path: Path,
) -> None:
    paths = {name: tmp_path / f"{name}.safetensors" for name in ("train", "retrain")}
    common = (small_params, small_arrays, standardization, tmp_path / "models")

    train.main(*common, paths["train"], tmp_path / "history.csv", indices)
    train.main(*common, paths["retrain"], tmp_path / "other.csv", calibrated=paths["train"])

    first, second = (artifacts.read_tensors(path) for path in paths.values())
    assert first["temperature"] == second["temperature"]
    assert first["temperature"] != 1
    assert not np.array_equal(first["fc_4.bias"], second["fc_4.bias"])


def test_tensorboard_and_streaming_leave_the_outputs_as_they_are(
    small_params: Path,
    small_arrays: Path,
    indices: Path,
    standardization: Path,
    tmp_path: Path,
    edit: Edit,
) -> None:
    def run(name: str) -> bytes:
        files = {"weights": tmp_path / name / "weights", "history": tmp_path / name / "history"}
        train.main(
            small_params,
            small_arrays,
            standardization,
            models=tmp_path / "models",
            **files,
            indices=indices,
        )
        return files["weights"].read_bytes() + files["history"].read_bytes()

    plain = run("plain")
    assert not (tmp_path / "models" / "tensorboard" / "weights").exists()
    edit(small_params, "machine.tensorboard", True)
    edit(small_params, "machine.input", "stream")

    assert run("watched") == plain
    assert any((tmp_path / "models" / "tensorboard" / "weights").iterdir())
    ((stage, entries),) = artifacts.read_json(tmp_path / "models" / "provenance.json").items()
    (entry,) = entries.values()
    assert stage == "weights"
    assert entry["input"] == "stream"


def test_the_history_is_there_to_watch_after_each_epoch(
    small_params: Path,
    small_arrays: Path,
    indices: Path,
    standardization: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history = tmp_path / "history.csv"
    seen = []

    class Watched(TrainingLoop):
        @property
        def state(self) -> dict[str, Array]:
            """Taken for the checkpoint of each epoch, before its history is written."""
            seen.append(len(artifacts.read_table(history)) if history.exists() else 0)
            return super().state

        @state.setter
        def state(self, _: dict[str, Array]) -> None:
            raise AssertionError("there is no checkpoint to continue from")

    monkeypatch.setattr(checkpoint, "TrainingLoop", Watched)
    train.main(
        small_params,
        small_arrays,
        standardization,
        models=tmp_path / "models",
        indices=indices,
        weights=tmp_path / "weights.safetensors",
        history=history,
    )

    assert seen == [0, 1]


def test_only_the_fit_images_are_fitted(
    small_params: Path,
    small_arrays: Path,
    indices: Path,
    standardization: Path,
    tmp_path: Path,
    small_mnist: dict[str, Array],
) -> None:
    def trained(run: str) -> dict[str, Array]:
        weights = tmp_path / run / "weights.safetensors"
        history = tmp_path / run / "history.csv"
        train.main(
            small_params,
            small_arrays,
            standardization,
            models=tmp_path / "models",
            indices=indices,
            weights=weights,
            history=history,
        )
        return artifacts.read_tensors(weights)

    before = trained("before")
    images = small_mnist["train_images"].copy()
    images[500:] = 0
    artifacts.write_array(small_arrays / "train_images.npy", images)
    after = trained("after")

    # Except for the calibration, for which the validation images are.
    assert before["temperature"] != after["temperature"]
    assert all(np.array_equal(before[name], after[name]) for name in {*before} - {*CALIBRATION})


@pytest.mark.slow
def test_a_killed_training_goes_on_and_writes_the_same_bytes(
    small_params: Path,
    small_arrays: Path,
    indices: Path,
    standardization: Path,
    tmp_path: Path,
    edit: Edit,
) -> None:
    edit(small_params, "recipes.fast.training.epochs", 5)

    def files(run: str) -> dict[str, Path]:
        return {
            "params": small_params,
            "arrays": small_arrays,
            "indices": indices,
            "standardization": standardization,
            "models": tmp_path / run,
            "weights": tmp_path / run / "weights.safetensors",
            "history": tmp_path / run / "history.csv",
        }

    def start() -> subprocess.Popen[str]:
        paths = files("killed")
        options = [word for name, path in paths.items() for word in (f"--{name}", str(path))]
        command = [sys.executable, "-m", "stages", "train", *options]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    train.main(**files("undisturbed"))
    with start() as process:
        assert process.stderr
        while not process.stderr.readline().startswith("epoch 2/5"):
            assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
    assert not (tmp_path / "killed" / "weights.safetensors").exists()
    with start() as process:
        output = process.communicate()[1]

    assert "continuing after epoch" in output
    assert "epoch 1/5" not in output
    for name in ("weights.safetensors", "history.csv"):
        undisturbed = (tmp_path / "undisturbed" / name).read_bytes()
        assert (tmp_path / "killed" / name).read_bytes() == undisturbed
    assert not any((tmp_path / "killed" / "checkpoints").iterdir())


def test_without_indices_every_training_image_is_fitted_without_validation(
    small_params: Path,
    small_arrays: Path,
    small_mnist: dict[str, Array],
    standardization: Path,
    tmp_path: Path,
) -> None:
    def trained(run: str) -> Array:
        weights, history = tmp_path / run / "weights.safetensors", tmp_path / run / "history.csv"
        train.main(
            small_params,
            small_arrays,
            standardization,
            models=tmp_path / "models",
            weights=weights,
            history=history,
        )
        assert list(artifacts.read_table(history).columns) == ["epoch", "loss"]
        return artifacts.read_tensors(weights)["fc_4.kernel"]

    before = trained("before")
    images = small_mnist["train_images"].copy()
    images[-1] = 0
    artifacts.write_array(small_arrays / "train_images.npy", images)

    assert not np.array_equal(before, trained("after"))
