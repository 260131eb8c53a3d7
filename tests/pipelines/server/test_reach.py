"""What stands in place of Prefect's server is named in one sentence, before Prefect is asked."""

import http.server
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.server import reach
from tests.helpers import free_port, pipelines_process

pytestmark = pytest.mark.slow


class Page(http.server.BaseHTTPRequestHandler):
    """Prefect's server as far as it is asked here: its UI answers every path with a page."""

    def do_GET(self) -> None:
        is_api = self.path == "/api/health"
        self.send_response(200 if is_api or not self.path.startswith("/gone") else 404)
        self.end_headers()
        self.wfile.write(b"true" if is_api else b"<html></html>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as its parent has it
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize("end", ["", "/"])
def test_address_of_a_server_is_accepted_with_and_without_a_slash(port: int, end: str) -> None:
    assert reach.fault_at(f"http://127.0.0.1:{port}/api{end}") is None


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", "a page at 127.0.0.1:{port}, where an address of Prefect's server ends with /api"),
        ("/gone", "HTTP status 404 from 127.0.0.1:{port}/gone"),
    ],
)
def test_address_of_something_else_is_named(port: int, path: str, found: str) -> None:
    assert reach.fault_at(f"http://127.0.0.1:{port}{path}") == found.format(port=port)


def test_loopback_is_not_asked_through_a_proxy(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{free_port()}")
    assert reach.fault_at(f"http://127.0.0.1:{port}/api") is None
    assert reach.fault_at(f"http://localhost:{port}/api") is None


@pytest.mark.parametrize(
    "address",
    ["", "garbage", "ftp://127.0.0.1/api", "http://", "http://127.0.0.1:none/api", "/api"],
)
def test_garbage_is_no_address(address: str) -> None:
    assert reach.fault_at(address) == "no address of the form http://HOST:PORT/api"


def test_dead_server_is_named_without_its_password() -> None:
    place = f"127.0.0.1:{free_port()}"
    found = reach.fault_at(f"http://somebody:secret@{place}/api")
    assert found == f"no response from {place}/api (ConnectError)"


def test_server_that_never_responds_is_given_up_in_time() -> None:
    import socket  # noqa: PLC0415 - this test's alone

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        begin = time.monotonic()
        found = reach.fault_at(f"http://127.0.0.1:{silent.getsockname()[1]}/api")
    assert found
    assert "ReadTimeout" in found
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize("what", ["a file", "below a file"])
def test_home_that_is_no_folder_is_rejected(tmp_path: Path, what: str) -> None:
    (tmp_path / "file").touch()
    home = tmp_path / "file" if what == "a file" else tmp_path / "file" / "home"
    with pytest.raises(PipelineError, match="file is not a folder; choose another"):
        reach.check_home(home)


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_home_that_cannot_be_written_is_rejected(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(PipelineError, match="cannot be written; choose another"):
        reach.check_home(tmp_path / "home")


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"SQLite format 3\0" + b"\1" * 5000])
def test_damaged_database_is_rejected_with_the_command_that_moves_it(
    tmp_path: Path, content: bytes
) -> None:
    database = tmp_path / "prefect.db"
    database.write_bytes(content)
    with pytest.raises(PipelineError, match=r"; move it away to start with an empty one: mv /"):
        reach.check_database(database)
    assert database.read_bytes() == content


COMMANDS = (("flow",), ("worker",), ("notify", "slack-webhook/alerts"), ("automations",))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_names_a_dead_server_in_one_sentence(
    toy: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{free_port()}/api")
    monkeypatch.setenv("PREFECT_HOME", str(toy.parent / "prefect"))
    done = pipelines_process(toy, *command)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: expected Prefect's server at PREFECT_API_URL, found no ")
    assert len(done.err.splitlines()) == 1


def test_setting_that_prefect_rejects_is_named_in_one_sentence(
    toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_REQUEST_TIMEOUT", "soon")
    monkeypatch.setenv("PREFECT_HOME", str(toy.parent / "prefect"))
    done = pipelines_process(toy, "flow")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: expected valid settings in Prefect's variables and profile")
    assert "request_timeout" in done.err.lower()
    assert len(done.err.splitlines()) == 1


def test_unusable_home_is_named_in_one_sentence(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (toy.parent / "file").touch()
    monkeypatch.setenv("PREFECT_HOME", str(toy.parent / "file"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    done = pipelines_process(toy, "flow")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: expected PREFECT_HOME, ")
    assert len(done.err.splitlines()) == 1
