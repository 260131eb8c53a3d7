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


# TensorFlow would import all of Keras, which takes as long as the rest of it and is not used here,
# unless told to wait for an older Keras, which is not installed.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

with _notes_held_back():
    import tensorflow as tf

    tf.config.list_physical_devices()
