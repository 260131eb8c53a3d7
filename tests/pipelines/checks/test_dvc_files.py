"""DVC's own files, as killed commands, full disks and merges leave them."""

import subprocess
from pathlib import Path

import pytest

from pipelines.checks import dvc_files, storage
from pipelines.checks.result import CheckResult
from tests.pipelines.in_process import dvc
from tests.pipelines.repositories import run

pytestmark = pytest.mark.slow


def only(folder: Path) -> CheckResult:
    (result,) = dvc_files.run_checks(folder)
    return result


def fix(folder: Path, result: CheckResult) -> None:
    """Run the command that a check suggests, with what `make repro` does in this repository."""
    command = result.fix.replace("make repro", "dvc repro --quiet")
    subprocess.run(command, shell=True, cwd=folder, check=True, capture_output=True)  # noqa: S602
    assert only(folder).state == "ok"


def check_repaired(toy: Path) -> None:
    """What was repaired cost nothing: DVC has everything, and runs nothing."""
    before = (toy / "model.txt").read_bytes()
    dvc(toy, "repro")
    assert (toy / "model.txt").read_bytes() == before
    assert run(toy, "git", "status", "--porcelain", "--", "dvc.lock") == ""


def test_files_of_a_repository_that_was_run_are_ok(toy: Path) -> None:
    assert only(toy).state == "ok"


@pytest.mark.parametrize("content", ["", '{"read": {"mod', "[]", '{"write": 1}'])
def test_suggested_command_repairs_damaged_locks(toy: Path, content: str) -> None:
    (toy / ".dvc" / "tmp" / "rwlock").write_text(content)
    result = only(toy)
    assert result.state == "missing"
    assert result.finding.startswith("Expected the locks in .dvc/tmp/rwlock, found: ")
    fix(toy, result)
    check_repaired(toy)


def test_locks_of_a_dead_process_are_left_to_dvc(toy: Path) -> None:
    (toy / ".dvc" / "tmp" / "rwlock").write_text(
        '{"write": {"model.txt": {"pid": 999999999, "cmd": "dvc repro"}}, "read": {}}'
    )
    assert only(toy).state == "ok"
    check_repaired(toy)


def test_suggested_command_moves_a_file_where_the_temporary_folder_should_be(toy: Path) -> None:
    run(toy, "rm", "-r", ".dvc/tmp")
    (toy / ".dvc" / "tmp").write_text("mine")
    fix(toy, only(toy))
    assert (toy / ".dvc" / "tmp.old").read_text() == "mine"
    check_repaired(toy)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_suggested_command_restores_a_lock_that_was_cut_off(toy: Path, share: float) -> None:
    lock = toy / "dvc.lock"
    content = lock.read_bytes()
    lock.write_bytes(content[: int(len(content) * share)] + b"\n  x: [")
    result = only(toy)
    assert result.finding.startswith("Expected dvc.lock as DVC wrote it, found: dvc.lock: ")
    fix(toy, result)
    check_repaired(toy)


def test_suggested_command_ends_a_conflict_in_the_lock(toy: Path) -> None:
    for branch, epochs in (("theirs", 3), ("ours", 4)):
        run(toy, "git", "checkout", "--quiet", "-b", branch, "main")
        params = (toy / "params.yaml").read_text()
        (toy / "params.yaml").write_text(params.replace("epochs: 2", f"epochs: {epochs}"))
        dvc(toy, "repro")
        run(toy, "git", "commit", "--quiet", "--all", "-m", branch)
    subprocess.run(["git", "merge", "theirs"], cwd=toy, check=False, capture_output=True)
    assert "<<<<<<<" in (toy / "dvc.lock").read_text()
    run(toy, "git", "checkout", "--ours", "--", "params.yaml")

    result = only(toy)

    assert result.finding == "Expected dvc.lock as DVC wrote it, found a merge conflict."
    fix(toy, result)
    assert (toy / "model.txt").read_text() == "fast 4 one\n"


@pytest.mark.parametrize("damage", ["cut", "emptied", "removed"])
@pytest.mark.parametrize("place", [".dvc/cache", "../cache"])
def test_suggested_command_repairs_the_run_cache(toy: Path, damage: str, place: str) -> None:
    cache = toy / place
    if place != ".dvc/cache":
        (toy / ".dvc" / "cache").rename(cache)
        dvc(toy, "cache", "dir", "--local", str(cache))
    entry = min(path for path in (cache / "runs").rglob("*") if path.is_file())
    content = entry.read_bytes()
    entry.chmod(0o644)
    if damage == "removed":
        entry.unlink()
    else:
        entry.write_bytes(content[:20] if damage == "cut" else b"")

    results = {result.part: result for result in storage.run_checks(toy)}

    found = results["DVC run cache"]
    assert found.state == "missing"
    subprocess.run(found.fix, shell=True, cwd=toy, check=True, capture_output=True)  # noqa: S602
    assert dvc_files.runs(cache).state == "ok"
    check_repaired(toy)
