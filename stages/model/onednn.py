"""oneDNN, the library that computes convolutions and matrix products on CPUs: what it does here."""

import functools
import os
import re
import sys
import tempfile

import tensorflow as tf

# TensorFlow says it nowhere else.
from tensorflow.python.util import _pywrap_util_port  # type: ignore[attr-defined]

_INSTRUCTIONS = re.compile(r"^onednn_verbose,.*\binfo,cpu,isa:(.+)$", re.MULTILINE)


def is_used() -> bool:
    """Tell whether TensorFlow computes with oneDNN in this process."""
    return bool(_pywrap_util_port.IsMklEnabled())


@functools.cache
def instructions() -> str | None:
    """Name the instructions that oneDNN has chosen to compute with, in its own words.

    It says so once in a process, when it computes for the first time: call this before anything
    else has been computed.

    Returns:
        Nothing if oneDNN does not say it: it is not used, or has computed before.
    """
    # The lines that begin all of its notes, and no note, since nothing here is recurrent.
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
