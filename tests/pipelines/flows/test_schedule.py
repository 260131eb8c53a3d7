"""A schedule that is denser than its job is long, and hundreds of runs with faults."""

import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from tests.helpers import LONG, flip_bit, wait_until
from tests.pipelines.prefect_server import Prefect
from tests.pipelines.repositories import isolate, run
from tests.pipelines.serve import make_project, serving
from tests.small_mnist import yaml

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not LONG, reason="takes minutes; `make faults` runs it"),
]

Record = Callable[[str, object], None]
Served = tuple[Path, Prefect, "psutil.Process"]

NEVER = "0 0 1 1 *"
FINAL = {"Completed", "Failed", "Cancelled", "Crashed"}
MINUTES, RUNS = 10, 200


class Use(NamedTuple):
    """What the server, the worker and their processes take."""

    memory: int
    """Resident bytes."""
    open_files: int
    temporary_files: int

    def __str__(self) -> str:
        return (
            f"{self.memory >> 20} MiB, {self.open_files} open files, "
            f"{self.temporary_files} temporary files"
        )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose temporary files are of this test alone."""
    isolate(monkeypatch, tmp_path)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    return make_project(tmp_path / "project", NEVER)


@pytest.fixture
def served(project: Path, tmp_path: Path) -> Iterator[Served]:
    with serving(project, tmp_path / "serve.log") as (process, prefect):
        yield project, prefect, psutil.Process(process.pid)


def test_schedule_denser_than_its_job_neither_overlaps_nor_piles_up(
    project: Path, tmp_path: Path, record_property: Record
) -> None:
    """One of ten seconds over a job of 25."""
    deployments = yaml.load(project / "prefect.yaml")
    nightly = deployments["deployments"][1]
    nightly["schedules"] = [{"slug": "nightly", "interval": 10}]
    nightly["parameters"] |= {"promote": False}
    yaml.dump(deployments, project / "prefect.yaml")
    train = project / "train.py"
    train.write_text(f"import time; time.sleep(25)\n{train.read_text()}")
    # No result is there to restore, so that each run works.
    dvc = yaml.load(project / "dvc.yaml")
    dvc["stages"]["train"]["always_changed"] = True
    yaml.dump(dvc, project / "dvc.yaml")
    run(project, "git", "commit", "--quiet", "--all", "-m", "Take longer")

    with serving(project, tmp_path / "serve.log") as (_, prefect):
        time.sleep(60 * MINUTES)
        runs = [one for one in prefect.runs() if one["auto_scheduled"]]
    states = Counter(one["state_name"] for one in runs)
    began = sorted((one["start_time"], one["end_time"] or "9") for one in runs if one["start_time"])
    worked = [span for span in began if span[1] > span[0]]

    assert states["Completed"] >= MINUTES, states
    assert states["Cancelled"] > states["Completed"], states
    # At most one waits beside the one at work: nothing piles up.
    assert states["AwaitingConcurrencySlot"] + states["Late"] + states["Pending"] <= 2, states
    assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(worked))
    record_property("cases", states["Completed"] + states["Cancelled"])


def test_hundreds_of_runs_with_faults_all_end_and_leave_nothing(
    served: Served, tmp_path: Path, record_property: Record
) -> None:
    project, prefect, server = served
    chance = random.Random(1)  # noqa: S311 - for a test
    uses, states = list[Use](), Counter[str]()
    for number in range(RUNS):
        states[one_run(project, prefect, chance)] += 1
        if number in {RUNS // 4, RUNS - 1}:
            uses.append(least_use(server, tmp_path / "tmp"))
    print(dict(states), *uses, sep="\n")  # noqa: T201 - `make faults` shows it

    assert states.keys() <= FINAL
    assert states["Completed"] > RUNS // 3
    early, late = uses
    assert late.memory < 1.25 * early.memory, uses
    assert late.open_files <= early.open_files + 10, uses
    assert late.temporary_files <= early.temporary_files + 2, uses
    assert not list((project / ".git/pipeline/worktrees").iterdir())
    record_property("cases", RUNS)


def one_run(project: Path, prefect: Prefect, chance: random.Random) -> str:
    """Run the flow with parameters by chance, disturb it or not, and give how it ended."""
    changes = [f"epochs={chance.randrange(1, 9)}", f"fail={chance.random() < 0.1}".lower()]
    fault = chance.choice(["none", "none", "kill", "cancel", "damage"])
    if fault in {"kill", "cancel"}:
        # Something is new, so that the stage runs.
        changes += [f"recipe=r{chance.randrange(10**9)}", "seconds=60"]
    if fault == "damage":
        damage_newest(project)
    identity = prefect.run_deployment("pipeline/run", set_param=changes)

    def ended() -> dict[str, Any] | None:
        (found,) = prefect.runs(id=identity)
        return found if found["state_name"] in FINAL else None

    if fault in {"kill", "cancel"}:
        stage = wait_until(lambda: ended() or stage_at_work(project))
        if isinstance(stage, psutil.Process):
            stage.kill() if fault == "kill" else prefect.cancel(identity)
    return str(wait_until(ended)["state_name"])


def stage_at_work(project: Path) -> psutil.Process | None:
    for process in psutil.process_iter(["cwd", "cmdline"]):
        below = str(process.info["cwd"] or "").startswith(str(project))
        if below and (process.info["cmdline"] or [])[1:] == ["train.py"]:
            return process
    return None


def damage_newest(project: Path) -> None:
    """Turn a bit of the newest object of DVC's cache."""
    objects = (project / ".dvc" / "cache" / "files").rglob("*")
    newest = max((one for one in objects if one.is_file()), key=lambda one: one.stat().st_mtime)
    flip_bit(newest)


def least_use(server: psutil.Process, temporary: Path) -> Use:
    """The least of half a minute, in which the processes of the last run end."""
    looks = []
    for _ in range(10):
        looks.append(use(server, temporary))
        time.sleep(3)
    return Use(*map(min, zip(*looks, strict=True)))


def use(server: psutil.Process, temporary: Path) -> Use:
    processes = [server, *server.children(recursive=True)]
    return Use(
        sum(process.memory_info().rss for process in processes),
        sum(process.num_fds() for process in processes),
        sum(1 for _ in temporary.rglob("*")),
    )
