"""A web server on loopback."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Web(ThreadingHTTPServer):
    """A web server with what its handler may look at."""

    asked: list[str]
    """Where requests may be noted."""
    answer: tuple[int, dict[str, str]]
    """A status and headers."""


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[Web]:
    """A web server on loopback, whose handler finds in ``asked`` what it may note requests in."""
    with Web(("127.0.0.1", 0), handler) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
