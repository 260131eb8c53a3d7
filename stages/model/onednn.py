"""Report how oneDNN, the library for convolutions and matrix products on CPUs, computes here."""

import functools
import os
import re
import sys
import tempfile

import tensorflow as tf

# TensorFlow reports this nowhere else.
from tensorflow.python.util import _pywrap_util_port  # type: ignore[attr-defined]

_INSTRUCTIONS = re.compile(r"^onednn_verbose,.*\binfo,cpu,isa:(.+)$", re.MULTILINE)


def is_used() -> bool:
    """Return whether TensorFlow computes with oneDNN in this process."""
    return bool(_pywrap_util_port.IsMklEnabled())


@functools.cache
def instructions() -> str | None:
    """Return oneDNN's own name for the instructions that it has chosen to compute with.

    oneDNN reports them only once in a process, at its first computation: call this function before
    any other computation.

    Returns:
        None if oneDNN does not report them: it is not used, or has already computed.
    """
    # Print the header lines, but no computations: the filter matches none, as nothing is recurrent.
    os.environ["ONEDNN_VERBOSE"] = "profile_create,filter=rnn"
    sys.stdout.flush()
    with tempfile.TemporaryFile() as notes:
        standard_output = os.dup(1)
        os.dup2(notes.fileno(), 1)
        try:
            with tf.device("CPU"):
                tf.nn.conv2d(tf.ones((1, 1, 1, 1)), tf.ones((1, 1, 1, 1)), 1, "VALID").numpy()
        finally:
            os.dup2(standard_output, 1)
            os.close(standard_output)
            del os.environ["ONEDNN_VERBOSE"]
        notes.seek(0)
        found = _INSTRUCTIONS.search(notes.read().decode(errors="replace"))
    return found[1] if found else None
