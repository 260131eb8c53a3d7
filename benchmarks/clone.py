"""Run the pipeline in a fresh clone, as a new user would."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def fresh_clone() -> Iterator[Path]:
    """Clone the newest commit to a temporary folder, with a cold DVC cache."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", ".", clone], check=True)
        yield clone


def repro(clone: Path) -> tuple[float, list[tuple[float, str]]]:
    """Run ``dvc repro`` in the clone; see ``timed``."""
    return timed(["dvc", "repro"], clone)


def timed(command: Sequence[str], clone: Path) -> tuple[float, list[tuple[float, str]]]:
    """Run a command in the clone and pass its output on.

    Returns:
        The seconds it took, and each line of output with its time in seconds.
    """
    # The stages must use this interpreter as `python`.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    begin = time.perf_counter()
    lines = []
    with subprocess.Popen(
        command,
        cwd=clone,
        env=os.environ | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            lines.append((time.perf_counter() - begin, line.rstrip()))
            sys.stderr.write(line)
    if process.returncode:
        raise SystemExit(process.returncode)
    return time.perf_counter() - begin, lines
