import subprocess
import sys


def test_threads_are_set_and_the_start_is_silent() -> None:
    script = """
from stages.model.device import prepare
import tensorflow as tf
prepare(1)
tf.constant(1)
print(tf.config.threading.get_intra_op_parallelism_threads())
print(tf.config.threading.get_inter_op_parallelism_threads())
"""

    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )

    assert done.stdout.split() == ["1", "1"]
    assert done.stderr == ""
