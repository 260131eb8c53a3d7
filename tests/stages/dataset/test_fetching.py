import functools
import hashlib
import http.server
import shutil
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, AnyStr

import pytest

from stages.dataset import fetching
from stages.dataset.fetching import FetchError, fetch
from stages.params.dataset import DataFile, FolderSource, NpmSource, WebSource
from tests.web import serving

if TYPE_CHECKING:
    from _typeshed import SupportsRead, SupportsWrite

CONTENTS = {
    "train_images": b"training images" * 100_000,
    "train_labels": b"training labels",
    "test_images": b"test images",
    "test_labels": b"test labels",
}
FILES = {
    key: DataFile(name=f"{key}-idx", bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    for key, content in CONTENTS.items()
}
EMPTY_NPM = NpmSource(kind="npm", package="some-package@1.0.0", folder="data")


def folder_source(folder: Path, contents: Mapping[str, bytes] = CONTENTS) -> FolderSource:
    folder.mkdir()
    for key, content in contents.items():
        (folder / f"{key}-idx").write_bytes(content)
    return FolderSource(kind="folder", path=str(folder))


def found(raw: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in raw.iterdir()}


WHOLE = {f"{key}.idx": content for key, content in CONTENTS.items()}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; a file's connection breaks in its middle where its name says so."""

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def copyfile(self, source: "SupportsRead[AnyStr]", outputfile: "SupportsWrite[AnyStr]") -> None:
        if "breaks" in self.path:
            outputfile.write(source.read(1_200_000))
        else:
            shutil.copyfileobj(source, outputfile)


@pytest.fixture
def web_folder(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    folder = tmp_path / "web"
    folder.mkdir()
    handler = functools.partial(Handler, directory=str(folder))
    with serving(handler) as server:
        yield folder, f"http://127.0.0.1:{server.server_port}"


def test_all_files_come_from_the_first_source_that_has_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where errors do not go to a terminal, no progress bar is drawn.
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    source = folder_source(tmp_path / "source")
    unreached = folder_source(tmp_path / "unreached", {})

    fetch(FILES, [source, unreached], tmp_path / "raw")

    assert found(tmp_path / "raw") == WHOLE
    shown = capsys.readouterr().err
    assert "100%" in shown
    assert "skipped" not in shown
    assert f"got {len(FILES)} of {len(FILES)} files from folder {tmp_path / 'source'}\n" in shown


def test_files_come_from_a_web_folder(tmp_path: Path, web_folder: tuple[Path, str]) -> None:
    folder, url = web_folder
    folder_source(folder / "data")

    fetch(FILES, [WebSource(kind="web", url=f"{url}/data")], tmp_path / "raw")

    assert found(tmp_path / "raw") == WHOLE


def test_a_download_that_breaks_leaves_nothing_and_the_next_source_is_asked(
    tmp_path: Path, web_folder: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, url = web_folder
    folder_source(folder / "breaks")
    broken = WebSource(kind="web", url=f"{url}/breaks")

    with pytest.raises(FetchError, match="the connection broke"):
        fetch(FILES, [broken], tmp_path / "raw")
    assert found(tmp_path / "raw") == {}

    fetch(FILES, [broken, folder_source(tmp_path / "source")], tmp_path / "raw")
    assert found(tmp_path / "raw") == WHOLE
    assert capsys.readouterr().err.count("skipped") == 2


class Slow(http.server.BaseHTTPRequestHandler):
    """Sends one line or one byte after another, without an end."""

    def do_GET(self) -> None:
        case = self.path.split("/")[1]
        with suppress(OSError):
            if case == "continue":
                first, repeated, pause = b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.0
            elif case == "headers":
                first, repeated, pause = b"HTTP/1.1 200 OK\r\n", b"a: b\r\n", 0.05
            else:
                first, repeated, pause = b"HTTP/1.1 200 OK\r\n\r\n", b"0", 0.05
            self.wfile.write(first)
            while not self.server.ended.wait(pause):  # type: ignore[attr-defined]
                self.wfile.write(repeated)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.mark.parametrize("case", ["continue", "headers", "content"])
def test_a_source_without_an_end_is_given_up_in_time(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    case: str,
) -> None:
    monkeypatch.setattr(fetching, "CONNECTION_SECONDS", 0.3)
    monkeypatch.setattr(fetching, "SLOWEST", 1 << 30)
    with serving(Slow) as server:
        server.ended = threading.Event()  # type: ignore[attr-defined]
        url = f"http://127.0.0.1:{server.server_port}/{case}"
        slow, whole = WebSource(kind="web", url=url), folder_source(tmp_path / "source")
        fetch(FILES, [slow, whole], tmp_path / "raw")
        server.ended.set()  # type: ignore[attr-defined]

    assert found(tmp_path / "raw") == WHOLE
    assert "not the whole file within 0 s" in capsys.readouterr().err


def test_no_line_of_a_download_shows_a_secret_of_its_url(
    tmp_path: Path,
    web_folder: tuple[Path, str],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # Where errors do not go to a terminal, no progress bar is drawn.
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    folder, url = web_folder
    for name in ("data", "breaks"):
        folder_source(folder / name)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = f"http://ann:secret@127.0.0.1:{closed.getsockname()[1]}?token=secret"
    secret = url.replace("://", "://ann:secret@")
    urls = [dead, f"{secret}/breaks?token=secret", f"{secret}/none?secret"]

    with pytest.raises(FetchError) as failed:
        fetch(FILES, [WebSource(kind="web", url=url) for url in urls], tmp_path / "raw")
    fetch(FILES, [WebSource(kind="web", url=f"{secret}/data?token=secret")], tmp_path / "raw")

    out, err = capfd.readouterr()
    assert "100%" in err
    assert "secret" not in f"{failed.value}{out}{err}{caplog.text}"
    assert found(tmp_path / "raw") == WHOLE


def test_verified_files_are_kept_and_only_missing_ones_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = {key: content for key, content in CONTENTS.items() if key.endswith("labels")}
    wrong = {"train_images": b"others" * 10, "test_images": b"test imagEs"}
    first = folder_source(tmp_path / "first", labels | wrong)
    second = folder_source(tmp_path / "second", {**CONTENTS, "train_labels": b"never read"})

    fetch(FILES, [first, second], tmp_path / "raw")

    assert found(tmp_path / "raw") == WHOLE
    lines = capsys.readouterr().err.splitlines()
    assert not [line for line in lines if "skipped" in line]
    (got, _) = [line for line in lines if "got 2 of 4 files from " in line]
    assert f"{tmp_path / 'first'}; missing: expected 1,500,000 bytes, found 60 (train_i" in got
    assert f"expected SHA-256 {FILES['test_images'].sha256}" in got


def test_what_a_failed_source_gave_is_taken_off_the_progress_bar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where errors do not go to a terminal, no progress bar is drawn.
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    cut = {key: content[:-1] for key, content in CONTENTS.items()}

    fetch(
        FILES,
        [folder_source(tmp_path / "cut", cut), folder_source(tmp_path / "whole")],
        tmp_path / "raw",
    )

    assert capsys.readouterr().err.rstrip().split("\r")[-1].count("1.50M/1.50M") == 1


def test_an_unreachable_source_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    unreachable = WebSource(kind="web", url=f"http://127.0.0.1:{port}")

    fetch(FILES, [unreachable, folder_source(tmp_path / "source")], tmp_path / "raw")

    assert capsys.readouterr().err.count("cannot connect") == 1


def test_when_all_sources_fail_the_error_has_each_reason_and_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    none = FolderSource(kind="folder", path=str(tmp_path / "none"))
    empty = folder_source(tmp_path / "empty", {"test_labels": CONTENTS["test_labels"]})

    with pytest.raises(FetchError) as caught:
        fetch(FILES, [none, empty, EMPTY_NPM], tmp_path / "raw")

    lines = str(caught.value).splitlines()
    assert lines[1:5] == [
        f"  - folder {tmp_path / 'none'}: no such folder",
        f"  - folder {tmp_path / 'empty'}: no such file "
        "(train_images-idx, train_labels-idx, test_images-idx)",
        "  - npm package some-package@1.0.0: no npm client on this machine",
        f"To go on, put them into the folder {tmp_path / 'none'}, uncompressed or with .gz added "
        "to the name:",
    ]
    assert [line.split()[1] for line in lines[5:]] == [
        *("train_images-idx", "train_labels-idx", "test_images-idx")
    ]
    for line, key in zip(lines[5:], FILES, strict=False):
        assert FILES[key].sha256 in line
    assert found(tmp_path / "raw") == {"test_labels.idx": CONTENTS["test_labels"]}


def test_without_a_folder_among_the_sources_the_error_explains_how_to_add_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(FetchError, match=r"add \{kind: folder, path: FOLDER\} to sources"):
        fetch(FILES, [EMPTY_NPM], tmp_path / "raw")
