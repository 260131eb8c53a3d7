"""DVC's remotes of each kind in docs/workers.md, on real servers on loopback."""

import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from pipelines.dvc import remote
from pipelines.dvc.command import dvc
from pipelines.dvc.objects import fetch_to_cache, object_path
from pipelines.dvc.outputs import Output
from pipelines.errors import DamagedError, PipelineError
from pipelines.workers.accept import accept_result
from tests.helpers import md5
from tests.pipelines.remotes import Folder, Kind, Storage, folder, s3, ssh
from tests.pipelines.repositories import clone_for_work, run, set_dvc_remote
from tests.pipelines.submissions import request_and_result

pytestmark = pytest.mark.slow

_RAW = Output(path="raw.txt", md5=md5(b"one\n"), size=4)
_ABSENT = "0" * 32


_SLOW = pytest.mark.slow


@pytest.fixture(
    scope="module",
    params=[folder, pytest.param(ssh, marks=_SLOW), pytest.param(s3, marks=_SLOW)],
    ids=["folder", "ssh", "s3"],
)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Storage]:
    """A server of each kind."""
    kind: Kind = request.param
    with kind(tmp_path_factory.mktemp("server")) as found:
        yield found


@pytest.fixture
def storage(server: Storage, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """An empty storage of each kind, set in the environment."""
    server.reset()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server


def use(storage: Storage, clone: Path) -> None:
    """Configure a remote in a clone, as in docs/workers.md."""
    set_dvc_remote(clone, storage.url, "verify = true")


@pytest.fixture
def pushed(toy: Path, storage: Storage) -> Path:
    """The toy, whose raw.txt is in the remote, as a push leaves it there."""
    use(storage, toy)
    storage.write(_RAW.md5, b"one\n")
    return toy


def check_is_one_sentence(error: PipelineError, secret: str) -> None:
    message = str(error)
    # A remote that does not respond is not a remote that lacks objects.
    assert not isinstance(error, DamagedError), message
    assert "\n" not in message
    assert "Traceback" not in message
    assert secret not in message


def test_pushed_object_can_be_fetched(toy: Path, storage: Storage, tmp_path: Path) -> None:
    use(storage, toy)
    remote.push(toy, [_RAW.path], [_RAW.md5])
    assert storage.read(_RAW.md5) == b"one\n"
    cache = tmp_path / "cache"
    fetch_to_cache([_RAW], cache, partial(remote.fetch, toy))
    assert object_path(cache, _RAW.md5).read_bytes() == b"one\n"


def test_missing_object_is_reported_after_a_push_and_skipped_in_a_fetch(
    pushed: Path, tmp_path: Path
) -> None:
    names = [_ABSENT, _RAW.md5]
    with pytest.raises(DamagedError, match=f"1 of 2 missing, the first {_ABSENT}"):
        remote.push(pushed, [_RAW.path], names)
    remote.fetch(pushed, names, tmp_path)
    assert (tmp_path / _RAW.md5).read_bytes() == b"one\n"
    assert not (tmp_path / _ABSENT).exists()


def test_missing_object_is_reported(pushed: Path, storage: Storage, tmp_path: Path) -> None:
    storage.remove(_RAW.md5)
    with pytest.raises(DamagedError, match=f"the object {_RAW.md5} in DVC's remote, found none"):
        fetch_to_cache([_RAW], tmp_path / "cache", partial(remote.fetch, pushed))


def test_damaged_object_is_rejected(pushed: Path, storage: Storage, tmp_path: Path) -> None:
    storage.write(_RAW.md5, b"two\n")
    with pytest.raises(DamagedError, match=r"to have that MD5, found [0-9a-f]{32} of 4 bytes"):
        fetch_to_cache([_RAW], tmp_path / "cache", partial(remote.fetch, pushed))
    assert not list((tmp_path / "cache").iterdir())


def test_dvc_also_rejects_a_damaged_object(pushed: Path, storage: Storage) -> None:
    """With ``verify true``; or else DVC takes whatever SSH and S3 give."""
    storage.write(_RAW.md5, b"two\n")
    shutil.rmtree(pushed / ".dvc" / "cache")
    (pushed / "raw.txt").unlink()
    with pytest.raises(PipelineError, match=r"failed to pull data"):
        dvc(pushed, "pull", "raw.txt")
    assert not (pushed / "raw.txt").exists()


def test_remote_that_denies_access_is_reported_without_the_secret(
    pushed: Path, storage: Storage, tmp_path: Path
) -> None:
    secret = storage.refuse()
    refused = "(denied|Forbidden|does not exist in our records|Not a directory)"
    with pytest.raises(PipelineError, match=f"DVC's remote store: .*{refused}") as fetching:
        fetch_to_cache([_RAW], tmp_path / "cache", partial(remote.fetch, pushed))
    check_is_one_sentence(fetching.value, secret)
    with pytest.raises(PipelineError, match=f"dvc push .*{refused}") as pushing:
        remote.push(pushed, ["model.txt"], [_ABSENT])
    check_is_one_sentence(pushing.value, secret)


@pytest.mark.parametrize("kind", [ssh, s3])
def test_unreachable_remote_is_reported_in_one_sentence(
    kind: Kind, toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kind(tmp_path) as ended:
        for name, value in ended.environment.items():
            monkeypatch.setenv(name, value)
    # The client of S3 waits longer after each attempt, and makes five by default.
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    use(ended, toy)
    with pytest.raises(
        PipelineError, match=r"DVC's remote store: .*[Cc]onnect.*; run `make doctor`\.$"
    ) as raised:
        remote.fetch(toy, [_RAW.md5], tmp_path)
    check_is_one_sentence(raised.value, ended.refuse())


def test_missing_remote_is_reported_in_one_sentence(toy: Path, tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"DVC's remote: .*no remote"):
        remote.fetch(toy, [_RAW.md5], tmp_path)


@pytest.mark.parametrize("server", [folder, ssh], indirect=True)
def test_objects_that_do_not_fit_on_the_disk_are_not_downloaded(
    pushed: Path, storage: Folder, tmp_path: Path
) -> None:
    remote.push(pushed, ["model.txt"], [])
    # A file may be declared longer than its disk.
    large = object_path(storage.path, _RAW.md5)
    size = 2 * shutil.disk_usage(tmp_path).total
    os.truncate(large, size)
    model = md5(b"fast 2 one\n")
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(PipelineError, match=rf"expected {size + 11} bytes .*, found \d+;"):
        remote.fetch(pushed, [model, _RAW.md5], into)
    assert not list(into.iterdir())


def test_stage_is_submitted_through_each_kind_of_remote_and_is_then_up_to_date(
    storage: Storage, toy: Path
) -> None:
    (toy / "params.yaml").write_text("recipe: fast\nepochs: 3\nseconds: 0\nfail: false\n")
    worker = clone_for_work(toy.parent, toy)
    use(storage, toy)
    use(storage, worker)
    request, _ = request_and_result(toy, worker)
    accept_result(toy, request)
    assert (toy / "model.txt").read_text() == "fast 3 one\n"
    assert storage.read(md5(b"fast 3 one\n")) == b"fast 3 one\n"
    run(toy, "dvc", "repro", "--quiet", "--single-item", "report")
    assert run(toy, "dvc", "status") == "Data and pipelines are up to date."


def test_objects_larger_than_the_limit_are_not_downloaded(
    pushed: Path, storage: Storage, tmp_path: Path
) -> None:
    remote.fetch(pushed, [_RAW.md5], tmp_path, 4)
    (tmp_path / _RAW.md5).unlink()
    storage.write(_RAW.md5, b"one and more\n")
    with pytest.raises(
        PipelineError, match="at most 4 bytes in 1 objects, found 13, the largest is"
    ):
        remote.fetch(pushed, [_RAW.md5], tmp_path, 4)
    assert not (tmp_path / _RAW.md5).exists()


def test_pipe_in_a_folder_is_refused(pushed: Path, storage: Storage, tmp_path: Path) -> None:
    if not isinstance(storage, Folder):
        pytest.skip("S3 has objects only")
    place = object_path(storage.path, _RAW.md5)
    place.unlink()
    os.mkfifo(place)
    refused = f"the object {_RAW.md5} to be a regular file, found one of the kind (other|unknown)"
    with pytest.raises(PipelineError, match=refused):
        remote.fetch(pushed, [_RAW.md5], tmp_path)
    with pytest.raises(PipelineError, match=refused):
        remote.states(pushed, [_RAW.md5])
