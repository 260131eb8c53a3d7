"""A stage whose outputs do not all get into DVC's cache, which DVC itself takes for success."""

import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.helpers import ROOT
from tests.pipelines.in_process import dvc
from tests.pipelines.repositories import run
from tests.pipelines.runs import FlowRun

# Bytes: two files of a megabyte each, which the shell may write whatever DVC may.
MAKE = "mkdir many && for name in a b; do head -c 1000000 /dev/zero | tr '\\0' $name > many/$name"
STAGES = f"""
stages:
  many:
    cmd: ulimit -S -f unlimited; {MAKE}; done
    deps: [source]
    outs: [many]
"""


@pytest.fixture
def many(toy: Path) -> Path:
    """The toy with a stage that makes a folder, which has not been run."""
    (toy / "dvc.yaml").write_text(STAGES)
    (toy / "source").write_text("a")
    return toy


def reproduce(
    folder: Path, stage: str, before: Callable[[], None] | None = None
) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.dvc.processes.reproduce", str(folder), stage],
        cwd=ROOT,
        preexec_fn=before,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


def forbid_large_files() -> None:
    """Refuse this process files over half a megabyte, as a disk that is full would."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))


def recorded(folder: Path) -> set[str]:
    return set(YAML(typ="safe").load(folder / "dvc.lock")["stages"])


def test_stage_with_an_incomplete_output_in_the_cache_fails_and_runs_again(many: Path) -> None:
    done = reproduce(many, "many", forbid_large_files)
    assert done.returncode == 1
    assert done.stderr.endswith(
        "error: stage many ran, but its output is incomplete: expected the 2000000 "
        f"bytes of many in DVC's cache {many}/.dvc/cache, found none of them; free space on that "
        "disk, and run the stage again.\n"
    )
    assert "many" not in recorded(many)

    assert reproduce(many, "many").returncode == 0
    assert "many" in recorded(many)
    shutil.rmtree(many / "many")
    dvc(many, "checkout", "many")
    assert (many / "many" / "b").read_bytes() == b"b" * 1_000_000


def test_flow_fails_on_a_full_disk_and_the_next_run_succeeds(
    many: Path, small_disk: Path, start: Callable[..., FlowRun]
) -> None:
    dvc(many, "cache", "dir", "--local", str(small_disk))
    _, name, message = start().end()
    assert name == "Failed"
    assert "stage many ran, but its output is incomplete: " in message
    assert f"in DVC's cache {small_disk}, found none of them; free space" in message
    assert "many" not in recorded(many)

    run(many, "mount", "-o", "remount,size=10m", str(small_disk))
    assert start().end()[1:] == ("Completed", "1 ran")
    assert start().end()[1:] == ("Completed", "1 cached")
    assert run(many, "dvc", "status") == "Data and pipelines are up to date."


def test_records_of_other_stages_are_kept(many: Path) -> None:
    before = (many / "dvc.lock").read_bytes()
    assert reproduce(many, "many", forbid_large_files).returncode == 1
    assert (many / "dvc.lock").read_bytes() == before


@pytest.mark.parametrize("left", ["nothing", "a truncated entry"])
def test_stage_runs_again_if_its_run_cache_is_unreadable(many: Path, left: str) -> None:
    assert reproduce(many, "many").returncode == 0
    for entry in [*(many / ".dvc" / "cache" / "runs").glob("*/*/*")]:
        entry.unlink()
        if left == "a truncated entry":
            entry.write_text("cmd: [")
    (many / "dvc.lock").unlink()

    done = reproduce(many, "many")

    assert done.returncode == 0
    assert "Running stage 'many'" in done.stdout
    assert "many" in recorded(many)
