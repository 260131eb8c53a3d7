"""A command of DVC's that was killed while it wrote dvc.lock."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.dvc.lock_record import lock_in
from pipelines.dvc.processes.cut_locks import replace_cut_locks
from pipelines.errors import PipelineError
from tests.pipelines.in_process import dvc, repro
from tests.pipelines.repositories import run

REPLACED = ["dvc.lock: cut short when it was last written; continuing from the last commit"]


def cut_at(lock: Path, share: float) -> None:
    content = lock.read_bytes()
    lock.write_bytes(content[: int(share * len(content))])


@pytest.mark.parametrize("share", [0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_repro_continues_after_a_lock_was_cut_short(toy: Path, share: float) -> None:
    committed = lock_in(toy)
    cut_at(toy / "dvc.lock", share)

    repro(toy)

    assert lock_in(toy) == committed


def test_runs_that_only_the_cut_lock_recorded_are_restored(
    toy: Path, set_params: Callable[..., None]
) -> None:
    set_params(epochs=3)
    dvc(toy, "repro")
    recorded = lock_in(toy)
    # It has the number of the process that trained.
    provenance = (toy / "models" / "provenance.json").read_bytes()
    cut_at(toy / "dvc.lock", 0)
    lines = list[str]()

    repro(toy, lines.append)

    assert lock_in(toy) == recorded
    assert lines == REPLACED
    assert (toy / "models" / "provenance.json").read_bytes() == provenance


def test_without_a_commit_a_cut_lock_is_removed(toy: Path) -> None:
    run(toy, "git", "rm", "--quiet", "--cached", "dvc.lock")
    run(toy, "git", "commit", "--quiet", "-m", "No lock")
    cut_at(toy / "dvc.lock", 0)

    replace_cut_locks(toy, print)

    assert not (toy / "dvc.lock").exists()


def test_a_merge_conflict_is_left_to_its_user(toy: Path) -> None:
    lock = toy / "dvc.lock"
    conflict = f"<<<<<<< HEAD\n{lock.read_text()}=======\n>>>>>>> other\n"
    lock.write_text(conflict)

    with pytest.raises(PipelineError, match=r"^dvc\.lock: "):
        repro(toy)

    assert lock.read_text() == conflict


def test_a_whole_lock_is_not_touched(toy: Path) -> None:
    (toy / "dvc.lock").touch()
    before = (toy / "dvc.lock").stat()

    replace_cut_locks(toy, print)

    assert (toy / "dvc.lock").stat() == before
