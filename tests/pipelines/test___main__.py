"""The command line: every command, its help, and the exit codes that all share."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.__main__ import COMMANDS
from pipelines.exit_codes import ExitCode
from pipelines.git.command import git
from tests.helpers import pipelines

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_every_module_of_commands_is_a_command() -> None:
    modules = {path.stem for path in (ROOT / "pipelines" / "commands").glob("*.py")}
    assert modules - {"__init__"} == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_has_an_example(command: str) -> None:
    done = pipelines(ROOT, command, "--help")

    assert done.code == ExitCode.OK
    assert f"Example: python -m pipelines {command}" in " ".join(done.out.split())


def test_help_lists_every_command_and_every_exit_code() -> None:
    done = pipelines(ROOT, "--help")

    listed = re.findall(r"^│ ([a-z]+) ", done.out, re.MULTILINE)
    codes = " ".join(done.out.split()).partition("Exit codes:")[2].partition("╭")[0]
    assert listed == list(COMMANDS)
    assert {int(code) for code in re.findall(r"\d+", codes)} == set(ExitCode)


def test_documentation_lists_every_exit_code() -> None:
    page = (ROOT / "docs" / "verification.md").read_text()
    table = page.partition("| exit code |")[2].partition("\n\n")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == set(ExitCode)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documentation_names_only_commands_that_exist(document: Path) -> None:
    named = set(re.findall(r"python -m pipelines ([a-z][a-z-]*)", document.read_text()))
    assert named <= set(COMMANDS)


@pytest.mark.parametrize("arguments", [["diff", "a", "b", "c"], ["gc", "--runs", "-1"], ["dif"]])
def test_wrong_command_line_is_reported_and_exits_with_2(arguments: list[str]) -> None:
    done = pipelines(ROOT, *arguments)

    assert done.code == ExitCode.USAGE
    assert "Traceback" not in done.err


def test_an_error_is_one_sentence_and_exits_with_1(tmp_path: Path) -> None:
    done = pipelines(tmp_path, "gate")

    assert (done.code, done.out) == (ExitCode.ERROR, "")
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_imports_no_large_library(command: str) -> None:
    code = (
        f"import sys; import pipelines.__main__, pipelines.commands.{command}; "
        "large = {'dvc', 'gto', 'prefect', 'tensorflow', 'pandas'}; "
        "print(large & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout == "set()\n"


def test_an_error_has_no_escape_sequence(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")

    done = pipelines(tmp_path, "diff", "\x1b[2J\u202e", "main")

    assert done.code == ExitCode.ERROR
    assert r"found \x1b[2J\u202e" in done.err
    assert done.err.removesuffix("\n").isprintable()
