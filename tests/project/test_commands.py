"""Every command in a clone in which the real pipeline has just been run."""

import pytest

from pipelines.__main__ import COMMANDS
from tests.small_project import Project

pytestmark = pytest.mark.slow

# What to run, its exit code, and part of what it prints. So few images pass no gate.
RUNS = {
    "repro": ("", 0, "accuracy"),
    "dataset": ("add again data/raw", 0, "10 classes; the recipe fast fits"),
    "diff": ("HEAD HEAD", 0, "test.accuracy"),
    "errors": ("HEAD HEAD", 0, ""),
    "gate": ("", 3, "may not be promoted"),
    "promote": ("", 1, "expected reports/gate.json in the commit, found none"),
    "rollback": ("production", 1, "expected an earlier version with the stage production"),
    "verify": ("", 0, ""),
    "fsck": ("", 0, "0 lost; 0 commits unreadable"),
    "space": ("", 0, "main"),
    "gc": ("", 0, "0 objects"),
    "doctor": ("", 0, "DVC"),
}
# These need a server; tests/pipelines/ and tests/faults/ run them.
OF_PREFECT = {"flow", "serve", "worker", "notify", "automations"}


@pytest.mark.parametrize("command", RUNS)
def test_command_works_in_a_finished_clone(project: Project, command: str) -> None:
    arguments, code, part = RUNS[command]
    before = project.outputs()

    printed = project.run("python", "-m", "pipelines", command, *arguments.split(), code=code)

    assert part in printed
    assert "Traceback" not in printed
    assert project.outputs() == before


def test_every_command_is_run() -> None:
    assert {*RUNS, *OF_PREFECT} == set(COMMANDS)
