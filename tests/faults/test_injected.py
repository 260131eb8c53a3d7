"""A stage is killed, or the operating system refuses, at one of its own calls to write.

strace counts the calls of an undisturbed run, and then injects a fault at one of them.
"""

import itertools
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.forks import Ended, run_module
from tests.helpers import LONG, ROOT
from tests.small_project import Project, forget, program_of

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")

STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
CALLS = ("write", "fsync", "rename", "link")
FAULTS = {"kill": "signal=KILL", "disk full": "error=ENOSPC", "disk broken": "error=EIO"}
# `make faults` disturbs every call. `retrain` is the program of `train`, whose calls are the same.
ALL = itertools.product([stage for stage in STAGES if stage != "retrain"], CALLS, FAULTS)
# Otherwise the last call of its kind, which is nearest to a result.
SAMPLE = [
    ("fetch", "write", "disk full"),
    ("split", "rename", "kill"),
    ("train", "fsync", "disk broken"),
    ("standardize", "write", "kill"),
    ("report", "fsync", "disk full"),
]
CASES = list(ALL) if LONG else SAMPLE

HISTORY = "reports/history.csv"
PICTURES = "data/handwriting"

Record = Callable[[str, object], None]


def strace(project: Project, stage: str, *options: str) -> Ended:
    """Run a stage as DVC does, with options of strace."""
    environment = project.environment | {"DVC_STAGE": f"dvc.yaml:{stage}"}
    tracer = ["strace", "--follow-forks", "--quiet=all", *options, "--attach"]
    return run_module(project.folder, environment, *program_of(stage), tracer=tracer)


def calls_of(project: Project, stage: str, call: str) -> list[int]:
    """List the numbers of a stage's calls of a kind to disturb; strace counts from one."""
    log = project.folder.parent / "calls"
    assert strace(project, stage, f"--trace={call}", "--output", str(log)).code == 0
    found = re.findall(rf"^(\d+) +{call}\((\d+)?", log.read_text(), re.MULTILINE)
    # strace counts for each thread and process by itself; the stage's main thread is the first.
    first = min((int(pid) for pid, _ in found), default=0)
    own = [file for pid, file in found if int(pid) == first]
    # Those to standard output and error write no file.
    numbers = [n for n, file in enumerate(own, 1) if call != "write" or file not in {"1", "2"}]
    return numbers if LONG else numbers[-1:]


def disturb(project: Project, stage: str, call: str, fault: str, number: int) -> str:
    """Run a stage with a fault at one of its calls, and give what it prints."""
    log = project.folder.parent / "injected"
    inject = f"--inject={call}:{FAULTS[fault]}:when={number}"
    ended = strace(project, stage, f"--trace={call}", inject, "--output", str(log))
    if fault == "kill":
        assert ended.code == -signal.SIGKILL, ended.output
    else:
        assert "(INJECTED)" in log.read_text()
    return ended.output


def remove_outputs(project: Project, stage: str) -> None:
    """Remove the outputs of a stage, as DVC does before it runs it."""
    for out in project.lock()[stage]["outs"]:
        if out["path"] != PICTURES:  # they are the user's, and persist
            project.run("rm", "-rf", out["path"])


def run_again(project: Project, stage: str, with_dvc: bool) -> None:
    """Run a stage again: by DVC, or as DVC does, which takes a fraction of the time."""
    if with_dvc:
        project.run("python", "-m", "pipelines", "repro")
        return
    remove_outputs(project, stage)
    environment = project.environment | {"DVC_STAGE": f"dvc.yaml:{stage}"}
    ended = run_module(project.folder, environment, *program_of(stage))
    assert ended.code == 0, ended.output


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
        forget(case, stage)
        remove_outputs(case, stage)
        printed = disturb(case, stage, call, fault, number)

        assert whole(case, before), f"{number}: {printed}"
        assert "Traceback" not in printed, f"{number}: {printed}"
        run_again(case, stage, with_dvc=number == numbers[-1])
        assert case.outputs() == before, number
