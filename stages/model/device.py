"""Choose the device that trains, and make its results repeatable."""

import os
from typing import Literal

import tensorflow as tf

from stages.model import machines, onednn
from stages.shared.errors import UserError


class DeviceError(UserError):
    """The machine lacks the device that ``params.yaml`` asks for."""


def prepare(device: Literal["auto", "cpu", "gpu"], threads: int, together: bool = False) -> None:
    """Make TensorFlow deterministic and choose its device; call this before any computation.

    GPU memory is allocated as needed, not all at once, and float32 is not reduced to
    TensorFloat-32.

    Args:
        device: ``auto`` uses every GPU, or the CPU if there is none.
        threads: of the CPU, at least 1.
        together: whether to compute with the other machines of ``TF_CONFIG``, if it is set.

    Raises:
        DeviceError: ``device`` is ``gpu``, and there is none; or TensorFlow has already started
            with another device or number of threads.
        MachinesError: the other machines cannot be reached.
    """
    tf.config.experimental.enable_op_determinism()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    gpus = tf.config.list_physical_devices("GPU")
    if device == "gpu" and not gpus:
        raise DeviceError(
            "machine.device: expected a GPU that TensorFlow can use, found none; make the "
            "environment with EXTRA=gpu on a machine that has one, or set it to auto or cpu."
        )
    try:
        if device == "cpu":
            tf.config.set_visible_devices([], "GPU")
        else:
            for gpu in gpus:
                tf.config.experimental.set_memory_growth(gpu, True)
        # Both pools have this many threads, however few cores the process may use.
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError:
        raise DeviceError(
            f"machine: expected a process that has not computed yet, or with device {device} and "
            f"{threads} threads, found one that has computed with others; start it again."
        ) from None
    if together:
        machines.join()
    onednn.instructions()


def visible_gpus() -> list[str]:
    """Return what CUDA_VISIBLE_DEVICES must be for a process to see only this GPU, for each."""
    count = len(tf.config.list_physical_devices("GPU"))
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    return chosen.split(",")[:count] if chosen else [str(number) for number in range(count)]


def devices() -> list[str]:
    """Return TensorFlow's names of the devices in use: every visible GPU, or the CPU if none."""
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return [device.name for device in found]


def strategy() -> tf.distribute.Strategy:
    """Return a strategy that splits each batch among the devices and copies the weights to each."""
    joined = machines.joined()
    if joined:
        return joined
    found = devices()
    if len(found) > 1:
        return tf.distribute.MirroredStrategy(found)
    return tf.distribute.get_strategy()
