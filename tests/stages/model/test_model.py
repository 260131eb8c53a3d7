import subprocess
import sys
from typing import NamedTuple

import pytest


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
