"""Open the files of a web folder."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from stages.dataset.source import LONGEST_REASON, Opener, SourceError
from stages.dataset.transfer import TransferError
from stages.params.dataset import WebSource
from stages.shared.text import printable

CONNECT_SECONDS = 5
READ_SECONDS = 30
# Its warnings contain the query of a URL.
logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)


def address(source: WebSource, name: str) -> str:
    """Return the URL of a file; a query, such as a token, stays at its end.

    Raises:
        SourceError: the source's URL is not valid.
    """
    try:
        parts = urlsplit(source.url)
    except ValueError as error:
        raise SourceError("not a valid URL") from error
    return parts._replace(path=f"{parts.path.rstrip('/')}/{name}{source.suffix}").geturl()


def status_of(response: requests.Response) -> str:
    """Return the status of a response for messages; the server chooses its words."""
    return f"HTTP {response.status_code} {printable(response.reason)[:LONGEST_REASON]}".rstrip()


@contextmanager
def web_files(source: WebSource) -> Iterator[Opener]:
    """Open the files of a web folder; see ``stages.dataset.sources.opened``."""
    # Retry only brief failures that may pass by themselves, since there are other sources to try.
    retry = urllib3.Retry(
        total=2,
        connect=1,
        read=1,
        backoff_factor=0.2,
        status_forcelist=[500, 502, 503, 504],
        raise_on_status=False,
        respect_retry_after_header=False,
    )

    @contextmanager
    def open_file(name: str) -> Iterator[IO[bytes]]:
        try:
            response = session.get(
                address(source, name),
                stream=True,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                # If a server compressed the response, the file's own bytes would be hidden.
                headers={"Accept-Encoding": "identity"},
            )
            with response:
                if response.status_code >= requests.codes.server_error:
                    raise SourceError(status_of(response))
                if not response.ok:
                    raise TransferError(status_of(response))
                # At its end a response closes itself, which its buffer treats as an error.
                response.raw.auto_close = False
                yield cast("IO[bytes]", response.raw)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise SourceError(_network_reason(error)) from error

    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=retry))
        session.mount("https://", HTTPAdapter(max_retries=retry))
        yield open_file


def _network_reason(error: Exception) -> str:
    # The text of these errors is a chain of reprs with object addresses. requests wraps what
    # urllib3 found, and so does urllib3 itself after a retry.
    cause: object = error
    if error.args and isinstance(error.args[0], urllib3.exceptions.HTTPError):
        cause = error.args[0]
    if isinstance(cause, urllib3.exceptions.MaxRetryError):
        cause = cause.reason
    reasons = {
        # Must come first: it is a subclass of the next.
        urllib3.exceptions.NewConnectionError: "cannot connect",
        urllib3.exceptions.ConnectTimeoutError: f"no connection within {CONNECT_SECONDS} s",
        urllib3.exceptions.SSLError: "no trusted TLS connection",
        urllib3.exceptions.ReadTimeoutError: f"no answer within {READ_SECONDS} s",
        urllib3.exceptions.ProtocolError: "the connection broke",
        urllib3.exceptions.ProxyError: "cannot connect to the proxy",
        requests.TooManyRedirects: "too many redirects",
    }
    known = (reason for kind, reason in reasons.items() if isinstance(cause, kind))
    return next(known, type(error).__name__)
