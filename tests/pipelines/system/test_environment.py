import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.errors import MismatchError, PipelineError
from pipelines.system.environment import Environment, check, here, python_for
from tests.helpers import ROOT
from tests.pipelines.prefect_server import PYTHON

# What pipelines/system/environment.py itself needs.
_NEEDED = [
    "annotated-doc",
    "annotated-types",
    "click",
    "markdown-it-py",
    "mdurl",
    "packaging",
    "psutil",
    "pydantic",
    "pydantic-core",
    "pygments",
    "rich",
    "shellingham",
    "typer",
    "typing-extensions",
    "typing-inspection",
    "uv",
]

# Another version than that of the environment at hand.
_OTHER = (
    "iniconfig==2.0.0 \\\n    "
    "--hash=sha256:b6a85871a79d2e3b22d2d1b94ac2824226a63c6b741c88f7ae975f18b6778374\n"
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose lock file pins a few of the packages that the project's pins."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    pins, wanted = [], False
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        if line[:1].isalnum():
            wanted = line.split("==")[0] in _NEEDED
        pins += [line] if wanted else []
    (folder / "requirements.lock").write_text("\n".join(pins) + "\n")
    return folder


def test_current_environment_is_used_if_it_matches_the_lock_file(
    checkout: Path, tmp_path: Path
) -> None:
    output: list[str] = []
    assert python_for(checkout, tmp_path / "kept", output.append) == PYTHON
    assert not output


def test_commit_without_a_lock_file_runs_in_the_current_environment(tmp_path: Path) -> None:
    assert python_for(tmp_path, tmp_path / "kept", print) == PYTHON


@pytest.mark.network
@pytest.mark.slow
def test_environment_of_a_lock_file_is_created_once(checkout: Path, tmp_path: Path) -> None:
    with (checkout / "requirements.lock").open("a") as lock:
        lock.write(_OTHER)
    output: list[str] = []
    python = python_for(checkout, tmp_path / "kept", output.append)
    assert output == ["creating an environment from requirements.lock of the commit"]
    assert python.is_relative_to(tmp_path / "kept")
    assert python.relative_to(tmp_path / "kept").parts[0].startswith(f"python{here().python}-")
    installed = subprocess.run(
        [python, "-c", "import importlib.metadata as m; print(m.version('iniconfig'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert installed.stdout == "2.0.0\n"
    check(Environment(python=here().python, tensorflow=None), python)
    with pytest.raises(MismatchError, match="and TensorFlow none on the worker"):
        check(here(), python)

    assert python_for(checkout, tmp_path / "kept", output.append) == python
    assert len(output) == 1


@pytest.mark.slow
def test_failed_creation_of_an_environment_is_reported(checkout: Path, tmp_path: Path) -> None:
    (checkout / "requirements.lock").write_text("no-such-package==1.0 \\\n    --hash=sha256:00\n")
    with pytest.raises(PipelineError, match=r"expected make setup to create the environment of r"):
        python_for(checkout, tmp_path / "kept", print)


@pytest.mark.parametrize("other", [{"python": "3.9"}, {"tensorflow": "2.0.0"}])
def test_environment_with_other_versions_is_rejected(other: dict[str, str]) -> None:
    asked = here().model_copy(update=other)
    version = next(iter(other.values()))
    with pytest.raises(MismatchError, match=f"expected Python .*{version}.*, as on"):
        check(asked, PYTHON)


def test_environment_that_does_not_work_is_reported(tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(PipelineError, match=f"creates it again: rm -r {tmp_path}; the stage was"):
        check(here(), python)


def test_environment_with_the_same_versions_is_accepted() -> None:
    assert here().python == f"{sys.version_info.major}.{sys.version_info.minor}"
    check(here(), PYTHON)
