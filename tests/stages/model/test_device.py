import json
import subprocess
import sys
from typing import Literal

import pytest

from stages.model.device import DeviceError, devices, prepare


def test_threads_are_set_and_the_start_is_silent() -> None:
    program = """
from stages.model.device import prepare
import tensorflow as tf
prepare("auto", 1)
assert float(tf.reduce_sum(tf.ones(10))) == 10
print(tf.config.threading.get_intra_op_parallelism_threads())
print(tf.config.threading.get_inter_op_parallelism_threads())
"""

    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )

    assert done.stdout.split() == ["1", "1"]
    assert done.stderr == ""


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_without_a_gpu_the_cpu_computes(device: Literal["auto", "cpu"]) -> None:
    prepare(device, 2)

    assert devices() == ["/device:CPU:0"]


def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(DeviceError, match=r"machine\.device: expected a GPU .* or cpu"):
        prepare("gpu", 2)


@pytest.mark.slow
def test_two_devices_share_each_batch_and_give_the_loss_of_one() -> None:
    """A process of its own for each, since TensorFlow divides a processor only before it starts."""
    program = """
import json, sys
from pathlib import Path
import numpy as np
import tensorflow as tf
from stages.dataset.standardization import measure
from stages.training.batches import Examples
from stages.training.loop import TrainingLoop
from stages.model.classifier import Classifier
from stages.model.device import devices, prepare
from stages.params.file import read_params

count = int(sys.argv[1])
processor, = tf.config.list_physical_devices("CPU")
parts = [tf.config.LogicalDeviceConfiguration()] * count
tf.config.set_logical_device_configuration(processor, parts)
parameters = read_params(Path("params.yaml"))
fast = parameters.recipes["fast"]
prepare("cpu", 2)
random = np.random.default_rng(3)
labels = random.integers(0, 10, 203)
images = random.integers(0, 100, (203, 28, 28)) + 15 * labels[:, np.newaxis, np.newaxis]
network = fast.network.model_copy(update={"dense_units": 32})
assert network.batch_normalization and network.dropout and any(fast.training.augmentation)
training = fast.training.model_copy(
    update={"epochs": 3, "batch_size": 50, "averaging": 0.5, "learning_rate": 0.0001}
)
classifier = Classifier(network, measure(images), 10, 1)
examples = Examples(images, labels)
loop = TrainingLoop(classifier, training, parameters.machine, examples, examples)
loop.run()
kernel = classifier.weights["conv_1.kernel"]
print(json.dumps([devices(), loop.history.to_numpy().tolist(), kernel.ravel().tolist()]))
"""

    def run(count: int) -> tuple[list[str], list[list[float]], list[float]]:
        done = subprocess.run(
            [sys.executable, "-c", program, str(count)], check=True, capture_output=True, text=True
        )
        devices_used, history, kernel = json.loads(done.stdout)
        return devices_used, history, kernel

    alone, expected, weights = run(1)
    shared, history, other_weights = run(2)

    assert [alone, shared] == [["/device:CPU:0"], ["/device:CPU:0", "/device:CPU:1"]]
    for row, expected_row in zip(history, expected, strict=True):
        assert row == pytest.approx(expected_row, rel=1e-4)
    assert other_weights == pytest.approx(weights, abs=1e-4)
    assert other_weights != weights
