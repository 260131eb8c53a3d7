"""What TensorFlow may use of the machine, and that it computes the same twice."""

import platform
from pathlib import Path

import tensorflow as tf


def prepare(threads: int) -> None:
    """Make TensorFlow deterministic and set its threads, before it computes anything.

    Args:
        threads: at most so many for one operation and for operations side by side; 0 for all cores.

    Raises:
        RuntimeError: TensorFlow has already started with another number of threads.
    """
    tf.config.experimental.enable_op_determinism()
    if threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)


def cpu_model() -> str:
    """Name the processor as Linux does, or else as Python does."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())
