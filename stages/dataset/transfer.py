"""Take one file from a stream: unpacked, checked against its pin, and whole or not at all."""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

from stages.artifacts import replacing
from stages.sections.dataset import DataFile

BLOCK = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"


class TransferError(Exception):
    """What a stream holds is not the file that was pinned; a reason for a person to read."""


def receive(
    stream: IO[bytes], file: DataFile, target: Path, report: Callable[[int], object]
) -> None:
    """Write the content of ``stream`` to ``target``, a block at a time.

    Args:
        stream: the file's bytes, raw or compressed with gzip; it is closed in the end.
        file: the size and SHA-256 that the uncompressed bytes must have.
        target: takes them once they are known to be right, and not before.
        report: is told the size of each block, for a progress bar.

    Raises:
        TransferError: the stream is damaged, or the bytes are others than those pinned; no more
            than a buffer beyond the pinned size has been unpacked then.
    """
    digest, size = hashlib.sha256(), 0
    with (
        # A stream is a raw one in all but its declared type.
        io.BufferedReader(cast("io.RawIOBase", stream)) as buffered,
        replacing(target) as temporary,
        temporary.open("wb") as output,
    ):
        compressed = _read(buffered.peek, 2)[:2] == GZIP_MAGIC
        plain = gzip.GzipFile(fileobj=buffered) if compressed else buffered
        while block := _read(plain.read, min(BLOCK, file.bytes + 1 - size)):
            size += len(block)
            if size > file.bytes:
                raise TransferError(f"expected {file.bytes:,} bytes, found more")
            digest.update(block)
            output.write(block)
            report(len(block))
        if size < file.bytes:
            raise TransferError(f"expected {file.bytes:,} bytes, found {size:,}")
        if digest.hexdigest() != file.sha256:
            raise TransferError(f"expected SHA-256 {file.sha256}, found {digest.hexdigest()}")


def _read(read: Callable[[int], bytes], size: int) -> bytes:
    # Only reading is guarded: that there is no room to write is no fault of the stream.
    try:
        return read(size)
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise TransferError(f"found a damaged stream: {error}") from error
