import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.helpers import ROOT


class Imported(NamedTuple):
    """What a process printed that imported the package, and the modules that it then had."""

    printed: str
    modules: list[str]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    listed = tmp_path_factory.mktemp("imported") / "modules"
    program = "import stages.model, sys; open(sys.argv[1], 'w').write(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program, listed], check=True, capture_output=True, text=True
    )
    return Imported(done.stdout + done.stderr, listed.read_text().split())


def test_importing_tensorflow_prints_nothing(imported: Imported) -> None:
    assert "tensorflow" in imported.modules
    assert imported.printed == ""


def test_keras_is_not_imported(imported: Imported) -> None:
    assert "keras" not in imported.modules


def test_code_that_autograph_cannot_write_to_a_file_is_an_error(tmp_path: Path) -> None:
    """Not a warning, after which TensorFlow runs the code as it is."""
    program = """
import resource, tempfile
import stages.model, tensorflow as tf

@tf.function
def doubled(number):
    return number + number

tempfile.gettempdir()
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
print(doubled(tf.constant(1)))
"""
    (tmp_path / "program.py").write_text(program)
    done = subprocess.run(
        [sys.executable, tmp_path / "program.py"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "File too large" in done.stderr


def test_a_failing_import_shows_what_libraries_printed() -> None:
    script = """
import os, sys
sys.modules["tensorflow"] = None
import stages.model
"""

    done = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )

    assert done.returncode == 1
    assert "import of tensorflow halted" in done.stderr
