import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from stages.dataset import web as web_source
from stages.dataset.source import SourceError
from stages.dataset.sources import opened
from stages.dataset.transfer import TransferError
from stages.params.dataset import WebSource
from tests.stages.dataset.content import content_of
from tests.web import Web, serving

CONTENT = b"content of the file" * 1000


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
    monkeypatch.setattr(web_source, "READ_SECONDS", 0.2)

    with pytest.raises(SourceError, match=r"^no answer within 0\.2 s$"):
        content_of(web(server, "silent"), "file")


def test_an_unreachable_web_source_is_an_error() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    source = WebSource.model_validate({"kind": "web", "url": f"http://127.0.0.1:{port}"})

    with pytest.raises(SourceError, match=r"^cannot connect$"):
        content_of(source, "file")
