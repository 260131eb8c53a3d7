"""The network and its training. TensorFlow is imported in this package alone."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _notes_held_back() -> Iterator[None]:
    """Hold back what libraries write to standard error, unless the block raises.

    TensorFlow's compiled part prints notes about its build and absent GPUs straight to the file
    descriptor while it starts, before any log level of its own applies.
    """
    with tempfile.TemporaryFile() as notes:
        standard_error = os.dup(2)
        os.dup2(notes.fileno(), 2)
        try:
            yield
        except BaseException:
            notes.seek(0)
            os.write(standard_error, notes.read())
            raise
        finally:
            os.dup2(standard_error, 2)
            os.close(standard_error)


def _fix_environment() -> None:
    """Remove the variables that change what TensorFlow computes, and set the project's own.

    What the weights are is for params.yaml alone to say, which dvc.lock records.
    """
    for name in list(os.environ):
        if name.startswith(_ARITHMETIC) and not name.startswith(_HARMLESS):
            del os.environ[name]
    os.environ.update(_OWN)


# TensorFlow and the libraries that it computes with, on CPUs and on GPUs.
_ARITHMETIC = (
    "TF_",
    "TF2_",
    "TENSORFLOW_",
    "XLA_",
    "ONEDNN_",
    "DNNL_",
    "MKL",
    "KMP_",
    "OMP_",
    "GOMP_",
    "EIGEN_",
    "CUDNN_",
    "CUBLAS",
    "NVIDIA_TF32_OVERRIDE",
)
# What TensorFlow's C++ part logs.
_HARMLESS = ("TF_CPP_",)
_OWN = {
    # Its default depends on the processor: on with AVX-512 VNNI or BF16, AVX VNNI or AMX alone.
    "TF_ENABLE_ONEDNN_OPTS": "1",
    # TensorFlow would import all of Keras, which takes as long as the rest of it and is not used
    # here, unless told to wait for an older Keras, which is not installed.
    "TF_USE_LEGACY_KERAS": "1",
}
_fix_environment()

with _notes_held_back():
    import tensorflow as tf

    tf.config.list_physical_devices()
