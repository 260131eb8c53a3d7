"""A stage is killed, or the operating system refuses, at one of its own calls to write.

strace counts the calls of an undisturbed run, and then injects a fault at one of them.
"""

import itertools
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.helpers import LONG, ROOT
from tests.small_project import Project, forget

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")

STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
CALLS = ("write", "fsync", "rename", "link")
FAULTS = {"kill": "signal=KILL", "disk full": "error=ENOSPC", "disk broken": "error=EIO"}
# `make faults` disturbs every call. `retrain` is the program of `train`, whose calls are the same.
ALL = itertools.product([stage for stage in STAGES if stage != "retrain"], CALLS, FAULTS)
# Otherwise the last call of its kind, which is nearest to a result.
SAMPLE = [
    ("ingest", "write", "disk full"),
    ("split", "rename", "kill"),
    ("train", "fsync", "disk broken"),
    ("evaluate", "write", "kill"),
    ("report", "fsync", "disk full"),
]
CASES = list(ALL) if LONG else SAMPLE

HISTORY = "reports/history.csv"
PICTURES = "data/handwriting"

Record = Callable[[str, object], None]


def strace(project: Project, stage: str, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run a stage as DVC does, with options of strace."""
    command = STAGES[stage]["cmd"].replace("${handwriting.folder}", "data/handwriting").split()
    return subprocess.run(
        ["strace", "--follow-forks", "--seccomp-bpf", "--quiet=all", *options, *command],
        cwd=project.folder,
        env=project.environment | {"DVC_STAGE": f"dvc.yaml:{stage}"},
        check=False,
        capture_output=True,
        text=True,
    )


def calls_of(project: Project, stage: str, call: str) -> list[int]:
    """List the numbers of a stage's calls of a kind to disturb; strace counts from one."""
    log = project.folder.parent / "calls"
    assert not strace(project, stage, f"--trace={call}", "--output", str(log)).returncode
    # Those to standard output and error write no file.
    lines = [line for line in log.read_text().splitlines() if f"{call}(" in line]
    numbers = [n for n, line in enumerate(lines, 1) if not re.search(r"write\([12],", line)]
    return numbers if LONG else numbers[-1:]


def whole(project: Project, before: dict[str, bytes]) -> bool:
    """Whether each output is as it was, or gone; a history may have the first epochs only."""
    paths = {name: project.folder / name for name in before}
    found = {name: path.read_bytes() for name, path in paths.items() if path.exists()}
    return all(
        content == before[name] or (name == HISTORY and before[name].startswith(content))
        for name, content in found.items()
    )


@pytest.fixture
def copies(project: Project, tmp_path: Path) -> Iterator[Callable[[], Project]]:
    """Give a copy of the finished project for each case, which must be left without leftovers."""
    made: list[Project] = []

    def copy() -> Project:
        folder = tmp_path / "cases" / str(len(made))
        shutil.copytree(project.folder, folder, symlinks=True)
        made.append(Project(folder, tmp_path / "cases" / f"{len(made)}-site"))
        return made[-1]

    yield copy
    assert [one.leftovers() for one in made] == [[]] * len(made)


@pytest.mark.parametrize(("stage", "call", "fault"), CASES)
def test_disturbed_stage_leaves_what_was_there_and_the_next_run_repairs_the_rest(
    project: Project,
    copies: Callable[[], Project],
    record_property: Record,
    stage: str,
    call: str,
    fault: str,
) -> None:
    before = dict(project.outputs())
    numbers = calls_of(project, stage, call)
    record_property("cases", len(numbers))
    for number in numbers:
        case = copies()
        # As DVC does before it runs a stage.
        forget(case, stage)
        for out in case.lock()[stage]["outs"]:
            if out["path"] != PICTURES:  # they are the user's, and persist
                case.run("rm", "-rf", out["path"])
        inject = f"--inject={call}:{FAULTS[fault]}:when={number}"
        done = strace(case, stage, f"--trace={call}", inject, "--output=/dev/null")

        assert whole(case, before), f"{inject}: {done.stderr[-500:]}"
        assert "Traceback" not in done.stderr, f"{inject}: {done.stderr[-500:]}"
        case.run("python", "-m", "pipelines", "repro")
        assert case.outputs() == before, inject
