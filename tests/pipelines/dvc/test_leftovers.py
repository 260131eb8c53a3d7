"""What killed processes leave in DVC's cache and beside outputs."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import ROOT, pipelines
from tests.pipelines.in_process import dvc, repro
from tests.pipelines.runs import FlowRun

pytestmark = pytest.mark.slow

# By path below the cache: each file has 10 bytes.
LEFT = {
    "files/md5/ab/.q1w2e3.tmp": ".q1w2e3.tmp",
    "files/md5/ab/0123456789abcdef0123456789abcd.dir.unpacked/a/b": ".unpacked",
    "files/md5/.q1w2e3.tmp": "files/md5/.q1w2e3.tmp",
    "runs/ab/abcd/.q1w2e3.tmp": "runs/ab/abcd/.q1w2e3.tmp",
    "incoming-q1w2e3/0123456789abcdef0123456789abcdef": "incoming-q1w2e3",
    ".removed-by-gc.part": ".removed-by-gc.part",
}


@pytest.fixture
def left(toy: Path) -> list[Path]:
    """Files of killed processes in the toy's cache."""
    paths = [toy / ".dvc" / "cache" / name for name in LEFT]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(10))
    return paths


def test_gc_lists_leftovers_and_force_removes_them(toy: Path, left: list[Path]) -> None:
    cache = toy / ".dvc" / "cache"
    before = {path for path in cache.rglob("*") if path.is_file()} - set(left)

    listed = pipelines(toy, "gc")
    assert (listed.code, listed.err) == (0, "")
    for name in LEFT.values():
        assert f"{name} 10 bytes\n" in listed.out
    assert "6 objects, 60 bytes: not needed" in listed.out
    assert all(path.exists() for path in left)

    removed = pipelines(toy, "gc", "--force")
    assert (removed.code, removed.err) == (0, "")
    assert removed.out.endswith("6 objects, 60 bytes: removed.\n")
    kept = {path for path in cache.rglob("*") if path.is_file()} - {cache / "removed-by-gc"}
    assert kept == before
    assert not (cache / "incoming-q1w2e3").exists()
    (toy / "model.txt").unlink()
    dvc(toy, "checkout")
    assert (toy / "model.txt").exists()


def test_leftovers_are_not_objects(toy: Path, left: list[Path]) -> None:
    done = pipelines(toy, "fsck")

    assert "0 quarantined" in done.out, done.out + done.err
    assert all(path.exists() for path in left)


def test_gc_waits_until_nobody_uses_the_cache(toy: Path, left: list[Path]) -> None:
    holder = "from dvc.repo import Repo\nwith Repo().lock: print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holder],
        cwd=toy,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "held\n"
        with subprocess.Popen(
            [sys.executable, "-m", "pipelines", "gc", "--force"],
            cwd=toy,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        ) as gc:
            assert gc.stdout
            assert gc.stdout.readline().startswith("waiting for another command of DVC's")
            assert all(path.exists() for path in left)
            process.stdin.write("\n")
            process.stdin.flush()
            assert gc.wait() == 0
    assert not any(path.exists() for path in left)


def leave_killed(toy: Path) -> list[Path]:
    """Leave what a killed stage leaves: its lock, and an output and a score in the making."""
    left = [
        toy / ".dvc" / "tmp" / "stages" / "train.lock",
        toy / ".model.txt.q1w2e3.part",
        toy / "models" / "scores" / ".score.json.q1w2e3.part",
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("4194304\n")
    return left


def test_repro_removes_what_a_killed_stage_has_left_though_nothing_runs(toy: Path) -> None:
    left = leave_killed(toy)
    (toy / "note.txt").write_text("of the user")
    dvc(toy, "add", "note.txt")

    repro(toy)

    assert [path for path in left if path.exists()] == []


def test_repro_leaves_alone_what_a_running_stage_is_writing(toy: Path) -> None:
    left = leave_killed(toy)
    with left[0].open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        repro(toy)

        assert [path for path in left if not path.exists()] == []


def test_flow_removes_what_a_killed_stage_has_left(
    toy: Path, start: Callable[..., FlowRun]
) -> None:
    left = leave_killed(toy)

    assert start().end()[1] == "Completed"

    assert [path for path in left if path.exists()] == []
