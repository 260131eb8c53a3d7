import shutil
import subprocess
from pathlib import Path

import pytest

from pipelines.checks import storage
from tests.helpers import free_port
from tests.pipelines.in_process import dvc

pytestmark = pytest.mark.slow


def test_complete_repository_with_a_complete_remote_is_ok(toy: Path, tmp_path: Path) -> None:
    dvc(toy, "remote", "add", "--default", "storage", str(tmp_path / "storage"))
    dvc(toy, "push")
    results = list(storage.run_checks(toy))
    assert {result.state for result in results} == {"ok"}, results
    assert [result.part for result in results] == [
        "DVC files", "DVC", "DVC cache", "DVC run cache", "DVC cache space", "DVC remote"
    ]  # fmt: skip


def test_folder_without_dvc_ends_the_checks(tmp_path: Path) -> None:
    (result,) = storage.run_checks(tmp_path)
    assert (result.part, result.state) == ("DVC", "missing")
    assert "not inside of a DVC repository" in result.finding


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        (".dvc/config", "[cache]\n    colour = red\n", "colour"),
        ("dvc.yaml", "stages: {train: {outs: [model.txt]}}\n", "dvc.yaml"),
    ],
)
def test_suggested_command_fixes_a_pipeline_that_dvc_rejects(
    name: str, content: str, found: str, toy: Path
) -> None:
    (toy / name).write_text(content)
    *_, result = storage.run_checks(toy)
    assert (result.part, result.state) == ("DVC", "missing")
    assert found in result.finding
    subprocess.run(result.fix.split(), cwd=toy, check=True, capture_output=True)
    assert storage.pipeline(toy).state == "ok"


def test_suggested_command_restores_a_missing_dvc_folder(toy: Path) -> None:
    shutil.rmtree(toy / ".dvc")
    (result,) = storage.run_checks(toy)
    assert (result.part, result.state) == ("DVC", "missing")
    subprocess.run(result.fix.split(), cwd=toy, check=True, capture_output=True)
    assert storage.pipeline(toy).state == "ok"


def test_cache_that_does_not_exist_yet_is_ok(tmp_path: Path) -> None:
    assert storage.writable(tmp_path / "new" / "cache").state == "ok"
    assert not list(tmp_path.iterdir())


def test_cache_that_cannot_be_written_is_reported() -> None:
    result = storage.writable(Path("/proc/cache"))
    assert result.state == "missing"
    assert result.fix == "dvc cache dir --local FOLDER"


def test_no_remote_is_a_warning(toy: Path) -> None:
    result = storage.remote(toy)
    assert result.state == "warning"
    assert result.fix.startswith("dvc remote add --default")


def test_remote_that_lacks_outputs_is_a_warning(toy: Path, tmp_path: Path) -> None:
    dvc(toy, "remote", "add", "--default", "storage", str(tmp_path / "storage"))
    result = storage.remote(toy)
    assert result.state == "warning"
    assert result.finding == "Expected storage to have all outputs in the cache, found 2 missing."
    assert result.fix == "dvc push"


def test_remote_that_does_not_respond_is_a_warning_without_its_password(toy: Path) -> None:
    url = f"http://somebody:secret@127.0.0.1:{free_port()}/storage"
    dvc(toy, "remote", "add", "--default", "storage", url)
    result = storage.remote(toy)
    assert result.state == "warning"
    assert result.finding == "Expected storage to respond, found no server at its URL."
    assert result.fix == "dvc remote modify storage url FOLDER_OR_URL"


def test_remote_that_dvc_rejects_is_a_warning_with_its_reason(toy: Path) -> None:
    dvc(toy, "config", "core.remote", "nowhere")
    result = storage.remote(toy)
    assert result.state == "warning"
    assert "nowhere" in result.finding


def test_remote_that_takes_too_long_is_a_warning(toy: Path, tmp_path: Path) -> None:
    dvc(toy, "remote", "add", "--default", "storage", str(tmp_path / "storage"))
    result = storage.remote(toy, timeout=0.01)
    assert result.state == "warning"
    assert result.finding == "Expected storage to respond, found no response within 0.01 s."


@pytest.mark.parametrize(
    "line",
    [
        "ERROR: cannot reach http://a:secret@host/path",
        "ERROR: cannot reach http://a:se@c/ret@host/path.",
    ],
)
def test_no_password_is_quoted(line: str) -> None:
    assert storage.reason(["a warning", line]) == "cannot reach http://host/path."


def test_lock_that_blocks_dvc_is_named_with_the_command_that_removes_it(toy: Path) -> None:
    dvc(toy, "config", "--local", "core.hardlink_lock", "true")
    (left,) = storage.hard_links(toy)
    assert left.state == "missing"
    assert left.finding == (
        "Expected no lock, found .dvc/tmp/lock .dvc/tmp/rwlock.lock, left by DVC's other kind of "
        "lock."
    )
    subprocess.run(left.fix.split(), cwd=toy, check=True)
    dvc(toy, "commit", "--force")
    assert [result.state for result in storage.hard_links(toy)] == ["ok"]

    lock = toy / ".dvc" / "tmp" / "lock"
    lock.touch()
    lock.with_name("claim.lock").hardlink_to(lock)
    (held,) = storage.hard_links(toy)
    assert held.state == "warning"
    assert "held by a DVC command or left by a killed one" in held.finding
    assert held.fix == "rm .dvc/tmp/lock    # if no command of DVC's is running"
