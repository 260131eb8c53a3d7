"""Which device of the machine trains, and that it computes the same twice."""

from typing import Literal

import tensorflow as tf

from stages.errors import UserError
from stages.model import onednn


class DeviceError(UserError):
    """The machine lacks the device that ``params.yaml`` asks for."""


def prepare(device: Literal["auto", "cpu", "gpu"], threads: int) -> None:
    """Make TensorFlow deterministic, and choose its device, before it computes anything.

    A GPU's memory is taken as it is needed, not all at once, and its float32 is not shortened to
    TensorFloat-32.

    Args:
        device: ``auto`` takes every GPU there is, or else the CPU.
        threads: of the CPU, at least 1.

    Raises:
        DeviceError: ``gpu``, and there is none.
        RuntimeError: TensorFlow has already started with another device or number of threads.
    """
    tf.config.experimental.enable_op_determinism()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    gpus = tf.config.list_physical_devices("GPU")
    if device == "gpu" and not gpus:
        raise DeviceError(
            "machine.device: expected a GPU that TensorFlow can use, found none; make the "
            "environment with EXTRA=gpu on a machine that has one, or set it to auto or cpu."
        )
    if device == "cpu":
        tf.config.set_visible_devices([], "GPU")
    else:
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
    # Both pools have this many threads on however few cores the process may run.
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    onednn.instructions()


def devices() -> list[str]:
    """Name what computes, as TensorFlow does: every GPU that may be used, or else the CPU."""
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return [device.name for device in found]


def strategy() -> tf.distribute.Strategy:
    """Spread each batch over the devices, if there are several, with a copy of the weights each."""
    found = devices()
    if len(found) > 1:
        return tf.distribute.MirroredStrategy(found)
    return tf.distribute.get_strategy()
