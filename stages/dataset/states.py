"""Read the state of each source of a data set: a cheap check for changes."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence

import requests

from stages.dataset.deadline import within
from stages.dataset.npm import npm
from stages.dataset.source import SourceError
from stages.dataset.sources import describe, opened
from stages.dataset.transfer import TransferError
from stages.dataset.web import CONNECT_SECONDS, READ_SECONDS, address, status_of
from stages.params.dataset import FolderSource, NpmSource, Source, WebSource

STATE_SECONDS = 60

# Status codes for absent files: S3 responds with 403 if listing the folder is not allowed.
_ABSENT = {403, 404, 410}


def read_states(
    names: Sequence[str], sources: Sequence[Source], on_skipped: Callable[[str], object]
) -> dict[str, str | None]:
    """Check the sources in their order, up to the first that has all the files.

    Args:
        names: of the files.
        sources: as for ``fetch``.
        on_skipped: called with a sentence for each source that cannot be reached.

    Returns:
        By the description of each source that was reached: the SHA-256, in hexadecimal, of what
        changes with its files, or None if it lacks some of them.
    """
    states: dict[str, str | None] = {}
    for source in sources:
        name = describe(source)
        try:
            marks = json.dumps(list(_marks(source, names)))
        except TransferError:
            states[name] = None
        except SourceError as error:
            on_skipped(f"skipped {name}: {error}")
        else:
            states[name] = hashlib.sha256(marks.encode()).hexdigest()
            break
    return states


def _marks(source: Source, names: Sequence[str]) -> Iterator[object]:
    """Yield what changes with the files: for each file, or for all of them.

    Raises:
        TransferError: the source lacks some of them.
        SourceError: it cannot be reached now.
    """
    match source:
        case FolderSource():
            return _of_folder(source, names)
        case WebSource():
            return _of_web(source, names)
        case NpmSource():
            return _of_npm(source)


def _of_folder(source: FolderSource, names: Sequence[str]) -> Iterator[str]:
    try:
        with opened(source) as open_file:
            for name in names:
                with open_file(name) as stream:
                    digest = hashlib.sha256()
                    while block := stream.read(1 << 20):
                        digest.update(block)
                    yield digest.hexdigest()
    except SourceError as error:
        # A folder can fail only because it does not exist.
        raise TransferError(str(error)) from error


def _of_web(source: WebSource, names: Sequence[str]) -> Iterator[Sequence[str | None]]:
    with requests.Session() as session:
        for name in names:
            try:
                with within(STATE_SECONDS, SourceError(f"no answer within {STATE_SECONDS} s")):
                    response = session.head(
                        address(source, name),
                        allow_redirects=True,
                        timeout=(CONNECT_SECONDS, READ_SECONDS),
                        headers={"Accept-Encoding": "identity"},
                    )
            except requests.RequestException as error:
                raise SourceError(f"no answer ({type(error).__name__})") from error
            status = status_of(response)
            if response.status_code in _ABSENT:
                raise TransferError(status)
            if not response.ok:
                raise SourceError(status)
            tag = response.headers.get("ETag") or response.headers.get("Last-Modified")
            yield tag, response.headers.get("Content-Length")


def _of_npm(source: NpmSource) -> Iterator[str]:
    # Read what the registry has published, without downloading the package.
    options = ("--fetch-retries=0", "--loglevel=error")
    done = npm("view", *options, "--", source.package, "dist.integrity")
    if "E404" in done.stderr:
        raise TransferError("not in the registry")
    if done.returncode or not done.stdout.strip():
        raise SourceError(f"npm failed with exit code {done.returncode}")
    yield done.stdout.strip()
