import subprocess
import sys


def test_importing_tensorflow_prints_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import stages.model"], check=True, capture_output=True, text=True
    )

    assert done.stdout + done.stderr == ""


def test_keras_is_not_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import stages.model, sys; print('keras' in sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )

    assert done.stdout.strip() == "False"


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
