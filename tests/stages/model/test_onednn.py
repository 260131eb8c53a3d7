import json
import os
import subprocess
import sys

import pytest

from stages.model import onednn

pytestmark = pytest.mark.slow

# As if the project left the variables as they are.
PROGRAM = """
import json, os, sys
given = dict(os.environ)
import tensorflow as tf
import stages.model
os.environ.update(given)
if "--computed" in sys.argv:
    tf.nn.conv2d(tf.ones((1, 9, 9, 1)), tf.ones((3, 3, 1, 8)), 1, "VALID")
from stages.model import onednn
print(json.dumps([onednn.is_used(), onednn.instructions()]))
tf.nn.conv2d(tf.ones((1, 9, 9, 1)), tf.ones((3, 3, 1, 8)), 1, "VALID")
"""


def asked(*arguments: str, **variables: str) -> tuple[bool, str | None]:
    """What a process says of itself, and nothing else on standard output."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=os.environ | {"TF_USE_LEGACY_KERAS": "1"} | variables,
        check=True,
        capture_output=True,
        text=True,
    )
    used, instructions = json.loads(done.stdout)
    return used, instructions


def test_it_is_used_with_the_instructions_that_it_is_allowed() -> None:
    assert onednn.is_used()
    assert asked(TF_ENABLE_ONEDNN_OPTS="1", ONEDNN_MAX_CPU_ISA="SSE41") == (True, "Intel SSE4.1")


def test_it_is_not_used_if_tensorflow_is_configured_without_it() -> None:
    assert asked(TF_ENABLE_ONEDNN_OPTS="0") == (False, None)


def test_known_instructions_are_not_determined_again() -> None:
    assert asked("--computed", TF_ENABLE_ONEDNN_OPTS="1") == (True, None)
