"""Build the network and predict with it.

To read it in order: ``preprocessing``, ``network``, ``classifier``. This module starts TensorFlow.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _notes_held_back() -> Iterator[None]:
    """Hold back what libraries write to standard error, unless the block raises.

    While TensorFlow starts, its compiled part writes notes about its build and absent GPUs directly
    to the file descriptor, before any log level applies.
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

    Only params.yaml, which dvc.lock records, may influence the weights.
    """
    for name in list(os.environ):
        if name.startswith(_ARITHMETIC) and not name.startswith(_HARMLESS):
            del os.environ[name]
    os.environ.update(_OWN)
    # Log errors only: its notes are of no use to a user.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


# Prefixes of TensorFlow and the libraries that it computes with, on CPUs and on GPUs.
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
# These variables only change what TensorFlow's C++ part logs, and which machines train together.
_HARMLESS = ("TF_CPP_", "TF_CONFIG")
_OWN = {
    # Its default depends on the processor: on only with AVX-512 VNNI or BF16, AVX VNNI or AMX.
    "TF_ENABLE_ONEDNN_OPTS": "1",
    # Without this, TensorFlow imports all of Keras, which is not used here and takes as long as the
    # rest. With it, TensorFlow imports only an older Keras, which is not installed.
    "TF_USE_LEGACY_KERAS": "1",
}
_fix_environment()

with _notes_held_back():
    import tensorflow as tf

    tf.config.list_physical_devices()
