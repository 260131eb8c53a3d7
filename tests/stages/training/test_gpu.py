"""What a GPU must do; ``GPU_TESTS_ON=cpu`` puts the CPU in its place, to try the tests themselves.

Each training has a process of its own, since TensorFlow chooses its device once.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import tensorflow as tf

from benchmarks.gpu import Outcome, Way, apart
from stages import standardize
from stages.shared import artifacts

pytestmark = [pytest.mark.gpu, pytest.mark.slow]

Device = Literal["gpu", "cpu"]
Edit = Callable[[Path, str, Any], None]
Trained = Callable[..., Outcome]


@pytest.fixture
def device() -> Device:
    if os.environ.get("GPU_TESTS_ON") == "cpu":
        return "cpu"
    if not tf.config.list_physical_devices("GPU"):
        pytest.skip("no GPU that TensorFlow can use; GPU_TESTS_ON=cpu tries the tests themselves")
    return "gpu"


@pytest.fixture
def trained(device: Device, small_arrays: Path) -> Trained:
    """Train the recipe ``fast`` on the small MNIST."""

    def trained(epochs: int, **way: Any) -> Outcome:
        outcome = apart(Way(**({"device": device} | way)), "fast", epochs, small_arrays)
        assert isinstance(outcome, Outcome), outcome
        return outcome

    return trained


def test_the_device_that_is_asked_for_trains_and_is_recorded(
    device: Device,
    small_params: Path,
    small_arrays: Path,
    tmp_path: Path,
    edit: Edit,
) -> None:
    edit(small_params, "machine.device", device)
    standardize.main(small_arrays, tmp_path / "standardization.safetensors")
    inputs = {
        "params": small_params,
        "arrays": small_arrays,
        "standardization": tmp_path / "standardization.safetensors",
        "weights": tmp_path / "weights.safetensors",
        "history": tmp_path / "history.csv",
        "models": tmp_path,
    }
    options = [text for name, path in inputs.items() for text in (f"--{name}", str(path))]

    command = [sys.executable, "-m", "stages", "train", *options]
    done = subprocess.run(command, check=True, capture_output=True, text=True)

    (entry,) = artifacts.read_json(tmp_path / "provenance.json")["weights"].values()
    assert entry["devices"][0] == f"/device:{device.upper()}:0"
    assert entry["devices"][0] in done.stderr
    described = {"gpus", "driver", "cuda", "cudnn"} & entry.keys()
    assert described == ({"gpus", "driver", "cuda", "cudnn"} if device == "gpu" else set())


def test_the_same_training_twice_gives_the_same_weights(trained: Trained) -> None:
    assert trained(2).weights == trained(2).weights


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_mixed_precision_comes_near_float32(precision: str, trained: Trained) -> None:
    expected, mixed = trained(1), trained(1, precision=precision)

    assert np.isfinite(mixed.loss)
    assert mixed.loss == pytest.approx(expected.loss, rel=0.1)
    assert mixed.weights != expected.weights


def test_xla_comes_near_what_it_replaces(trained: Trained) -> None:
    expected, compiled = trained(1), trained(1, jit_compile=True)

    assert compiled.loss == pytest.approx(expected.loss, rel=0.1)


def test_a_gpu_comes_near_the_cpu(trained: Trained) -> None:
    assert trained(1).loss == pytest.approx(trained(1, device="cpu").loss, rel=0.02)


def test_images_that_do_not_fit_into_memory_name_the_batch_size(device: Device) -> None:
    """644 GB, more than any device has: TensorFlow refuses them before it takes any."""
    program = """
import sys
from pathlib import Path
import numpy as np
import tensorflow as tf
from stages.training.batches import Examples
from stages.model.device import prepare, strategy
from stages.model.network import Network
from stages.model.preprocessing import Preprocessing
from stages.training.trainer import Trainer, TrainingError
from stages.params.file import read_params

class Huge(Preprocessing):
    def standardize(self, images):
        return images + tf.reduce_sum(tf.fill((tf.shape(images)[0], 2**28), images[0, 0, 0]))

parameters = read_params(Path("params.yaml"))
recipe = parameters.recipes["tutorial"]
prepare(sys.argv[1], 2)
training = recipe.training.model_copy(update={"batch_size": 600})
examples = Examples(np.zeros((600, 28, 28), np.uint8), np.zeros(600, np.uint8))
devices = strategy()
with devices.scope():
    network = Network(recipe.network, (28, 28), 10, 1)
machine = parameters.machine
numbers = dict.fromkeys(("mean", "background"), np.zeros(1, np.float32))
preprocessing = Huge(numbers | {"standard_deviation": np.ones(1, np.float32)})
trainer = Trainer(network, training, machine, preprocessing, examples, 1, devices)
try:
    trainer.run_epoch(0)
except TrainingError as error:
    print(error)
"""
    command = [sys.executable, "-c", program, device]
    done = subprocess.run(command, check=True, capture_output=True, text=True)

    assert done.stdout.startswith("batches of 600 images do not fit into the memory of the device")
