"""The whole of `make doctor`, on this machine and on one that lacks something."""

import os
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest

from pipelines.checks.result import CheckResult
from pipelines.commands.doctor import shown
from tests.helpers import ROOT, free_port
from tests.pipelines.prefect_server import PYTHON

pytestmark = pytest.mark.slow


def doctor(home: Path, *options: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"PREFECT_HOME": str(home)}
    environment.pop("PREFECT_API_URL", None)
    return subprocess.run(
        [PYTHON, *options, "-m", "pipelines", "doctor"],
        cwd=ROOT,
        env=environment | settings,
        check=False,
        capture_output=True,
        text=True,
    )


def test_all_parts_are_checked_and_optional_ones_do_not_fail(tmp_path: Path) -> None:
    done = doctor(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for part in ("Python", "Git", "DVC", "temporary space", "GPU"):
        assert f"ok       {part} " in done.stdout
    assert "warning  Prefect server   PREFECT_API_URL is not set" in done.stdout
    assert " checks: 0 missing, " in done.stdout


@pytest.mark.core
def test_missing_part_fails_with_the_command_that_fixes_it(tmp_path: Path) -> None:
    # Random, because the output quotes the title of the last commit, which may have any word.
    password = secrets.token_hex(16)
    url = f"http://somebody:{password}@127.0.0.1:{free_port()}/api"
    done = doctor(tmp_path, PREFECT_API_URL=url)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    (place,) = [number for number, line in enumerate(lines) if line.startswith("missing")]
    assert "Prefect server" in lines[place]
    assert lines[place + 1].lstrip().startswith("make serve")
    assert " checks: 1 missing, " in done.stdout
    assert password not in done.stdout + done.stderr


def test_setting_that_prefect_rejects_is_one_missing_part(tmp_path: Path) -> None:
    done = doctor(tmp_path, PREFECT_SERVER_API_PORT="abc")
    assert done.returncode == 1
    assert "missing  Prefect settings Expected valid settings in Prefect's variables" in done.stdout
    assert "ServerAPISettings port" in done.stdout
    assert " checks: 1 missing, " in done.stdout
    assert done.stderr == ""


def test_environment_without_the_packages_of_the_checks_is_reported(tmp_path: Path) -> None:
    done = doctor(tmp_path, "-S")
    assert done.returncode == 1
    assert done.stderr == (
        "error: expected every package of the environment to be importable, found: "
        "No module named 'typer'; recreate the environment: make --always-make setup.\n"
    )


def test_missing_environment_is_reported_in_one_sentence(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    done = subprocess.run(
        ["make", "doctor"], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert done.stderr.startswith(
        "error: expected an environment in .venv, found none; create it: make setup\n"
    )
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(
    ("fix", "lines"), [("", 1), ("a command", 2)], ids=["without a fix", "with one"]
)
def test_result_is_shown_with_its_command_below(fix: str, lines: int) -> None:
    text = shown(CheckResult("a part", "ok", "It is so.", fix))
    assert text.startswith("ok       a part           It is so.\n")
    assert len(text.splitlines()) == lines
