"""Receive one file from a stream: unpacked, verified, and complete or not at all."""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from stages.params.dataset import DataFile
from stages.shared.artifacts import replacing
from stages.shared.text import printable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"


class TransferError(Exception):
    """A stream does not contain the expected file; the reason is for a person to read."""


def receive(
    stream: IO[bytes], file: DataFile, target: Path, report: Callable[[int], object]
) -> None:
    """Write the content of ``stream`` to ``target``, one block at a time.

    Args:
        stream: the file's bytes, raw or compressed with gzip; it is closed at the end.
        file: the size and SHA-256 that the uncompressed bytes must have.
        target: written only after the bytes are verified.
        report: called with the size of each block, for a progress bar.

    Raises:
        TransferError: the stream is damaged, or its bytes differ from the expected ones; at most
            one buffer beyond the expected size has been unpacked, and about twice that size read.
    """
    digest, size = hashlib.sha256(), 0
    with (
        io.BufferedReader(_Limited(stream, 2 * file.bytes + BLOCK)) as buffered,
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


class _Limited(io.RawIOBase):
    """A stream that fails if it is longer than a limit: empty members of gzip could go on forever.

    Args:
        stream: behaves like a raw stream; only its declared type differs.
        limit: number of bytes.
    """

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream = cast("io.RawIOBase", stream)
        self._left = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        count = self._stream.readinto(buffer) or 0
        self._left -= count
        if self._left < 0:
            raise TransferError("found a stream that is far longer than its content")
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


def _read(read: Callable[[int], bytes], size: int) -> bytes:
    # Guard only reading: a full disk is not the stream's fault.
    try:
        return read(size)
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise TransferError(f"found a damaged stream: {printable(error)}") from error
