import gzip
import hashlib
import io
import tracemalloc
from pathlib import Path

import pytest

from stages.dataset import transfer
from stages.dataset.transfer import TransferError, receive
from stages.params.dataset import DataFile

CONTENT = b"0123456789"
# By `printf 0123456789 | sha256sum`.
FILE = DataFile(
    name="digits",
    bytes=10,
    sha256="84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882",
)


def take(content: bytes, target: Path, file: DataFile = FILE) -> list[int]:
    reported: list[int] = []
    receive(io.BytesIO(content), file, target, reported.append)
    return reported


@pytest.mark.parametrize(
    "content",
    [CONTENT, gzip.compress(CONTENT), gzip.compress(CONTENT[:4]) + gzip.compress(CONTENT[4:])],
    ids=["raw", "gzip", "gzip of two members"],
)
def test_a_right_stream_is_written_uncompressed(tmp_path: Path, content: bytes) -> None:
    reported = take(content, tmp_path / "file")

    assert (tmp_path / "file").read_bytes() == CONTENT
    assert sum(reported) == 10


def test_a_long_stream_is_written_in_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "BLOCK", 4)

    assert take(CONTENT, tmp_path / "file") == [4, 4, 2]
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "expected 10 bytes, found 0"),
        (CONTENT[:-1], "expected 10 bytes, found 9"),
        (CONTENT + b"0", "expected 10 bytes, found more"),
        (b"0123456780", "expected SHA-256 84d8.*, found [0-9a-f]{64}"),
        (gzip.compress(b"0123456780"), "expected SHA-256 84d8"),
        (gzip.compress(CONTENT)[:-3], "damaged stream"),
        (gzip.compress(CONTENT)[:12], "damaged stream"),
        (gzip.compress(CONTENT)[:6], "damaged stream"),
        (gzip.compress(CONTENT)[:2], "damaged stream"),
        (gzip.compress(CONTENT)[:-8] + bytes(8), "damaged stream"),
        (gzip.compress(CONTENT)[:10] + b"\xff" + gzip.compress(CONTENT)[11:], "damaged stream"),
        (gzip.compress(CONTENT) + b"garbage", "damaged stream"),
        (gzip.compress(CONTENT + b"0"), "expected 10 bytes, found more"),
    ],
    ids=[
        "empty",
        "cut",
        "longer",
        "other content",
        "gzip of other content",
        "gzip without its trailer",
        "gzip without its end",
        "gzip without its whole header",
        "gzip without more than its magic",
        "gzip with another checksum",
        "gzip with damage",
        "gzip and more",
        "gzip of more",
    ],
)
def test_a_wrong_stream_leaves_what_stood_there(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "file").write_text("before")

    with pytest.raises(TransferError, match=reason):
        take(content, tmp_path / "file")

    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "before"


def test_a_bomb_is_not_unpacked_beyond_the_pinned_size(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(2**22)) * 64
    reported: list[int] = []
    stream = io.BytesIO(bomb)

    tracemalloc.start()
    with pytest.raises(TransferError, match="found more"):
        receive(stream, FILE, tmp_path / "file", reported.append)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    # One member alone unpacks to 4 MiB.
    assert peak < 2**20
    assert reported == []
    assert not any(tmp_path.iterdir())


class Endless(io.RawIOBase):
    """A stream that begins with some bytes and then repeats others."""

    def __init__(self, first: bytes, repeated: bytes) -> None:
        self.content, self.repeated = first, repeated
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while len(self.content) < len(buffer):
            self.content += self.repeated * (1 + len(buffer) // len(self.repeated))
        buffer[:] = self.content[: len(buffer)]
        self.content = self.content[len(buffer) :]
        self.given += len(buffer)
        return len(buffer)


@pytest.mark.parametrize(
    ("first", "repeated"),
    [
        (gzip.compress(CONTENT), gzip.compress(b"")),
        (b"", gzip.compress(b"")),
        (gzip.compress(CONTENT), b"\0"),
        (b"\x1f\x8b\x08\x08" + bytes(6), b"name"),
        (b"\x1f\x8b\x08\x10" + bytes(6), b"comment"),
    ],
    ids=["empty members", "only empty members", "padding", "name", "comment"],
)
def test_a_gzip_stream_without_an_end_is_given_up(
    tmp_path: Path, first: bytes, repeated: bytes
) -> None:
    stream = Endless(first, repeated)

    with pytest.raises(TransferError, match="far longer than its content"):
        receive(stream, FILE, tmp_path / "file", int)  # type: ignore[arg-type]

    assert stream.given < 2**22
    assert not any(tmp_path.iterdir())


def test_a_file_larger_than_a_block_has_its_whole_hash_checked(tmp_path: Path) -> None:
    content = bytes(range(256)) * 8192
    file = DataFile(name="large", bytes=len(content), sha256=hashlib.sha256(content).hexdigest())

    take(content, tmp_path / "file", file)

    assert (tmp_path / "file").read_bytes() == content


def test_a_stream_that_breaks_is_a_reason_and_not_a_crash(tmp_path: Path) -> None:
    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: object) -> int:
            raise ConnectionResetError("reset by peer")

    with pytest.raises(TransferError, match="reset by peer"):
        receive(Broken(), FILE, tmp_path / "file", int)  # type: ignore[arg-type]
