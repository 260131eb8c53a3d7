import subprocess
import sys
from pathlib import Path

import pytest

from stages.model.device import cpu_model


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


def test_the_processor_is_named_as_lscpu_names_it() -> None:
    described = subprocess.run(["lscpu"], check=True, capture_output=True, text=True).stdout

    assert f" {cpu_model()}\n" in described


def test_the_processor_has_a_name_where_linux_gives_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    monkeypatch.setattr("platform.processor", lambda: "a processor")

    assert cpu_model() == "a processor"
