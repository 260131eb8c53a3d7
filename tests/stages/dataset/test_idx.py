import gzip
import os
import struct
from pathlib import Path

import idx2numpy
import numpy as np
import pytest

from stages.dataset import idx
from stages.dataset.idx import IdxError, read, read_images, read_labels
from stages.shared.artifacts import Array
from tests.helpers import memory_limit

MNIST = Path(__file__).parents[2] / "fixtures" / "mnist-small"
CODES = {0x08: "u1", 0x09: "i1", 0x0B: "i2", 0x0C: "i4", 0x0D: "f4", 0x0E: "f8"}
SHAPES = [(7,), (3, 5), (4, 2, 3), (2, 3, 1, 4)]
WHOLE = struct.pack(">BBBBII", 0, 0, 0x08, 2, 2, 3) + bytes(range(6))


def random_array(dtype: str, shape: tuple[int, ...]) -> Array:
    """Every bit pattern may occur, NaN and infinities too."""
    content = np.random.default_rng(5).bytes(np.dtype(dtype).itemsize * int(np.prod(shape)))
    return np.frombuffer(content, dtype).reshape(shape)


def encoded(array: Array) -> bytes:
    """The format written out with ``struct``, one number after the other."""
    code = next(code for code, name in CODES.items() if np.dtype(name) == array.dtype)
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def written(folder: Path, content: bytes) -> Path:
    path = folder / "some.idx"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", CODES.values())
def test_every_dtype_code_and_dimension_is_read(
    tmp_path: Path, dtype: str, shape: tuple[int, ...]
) -> None:
    array = random_array(dtype, shape)

    found = read(written(tmp_path, encoded(array)))

    assert found.dtype.newbyteorder("=") == np.dtype(dtype)
    assert found.shape == shape
    assert found.astype(dtype).tobytes() == array.tobytes()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", CODES.values())
def test_what_idx2numpy_writes_is_read(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    # NaNs keep no exact bits in its writer, so these are finite numbers.
    array = np.random.default_rng(6).integers(-128, 128, shape).astype(dtype)
    path = tmp_path / "some.idx"
    idx2numpy.convert_to_file(str(path), array)

    found = read(path)

    assert found.dtype.newbyteorder("=") == array.dtype
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", CODES.values())
def test_idx2numpy_reads_the_same_from_the_same_bytes(
    tmp_path: Path, dtype: str, shape: tuple[int, ...]
) -> None:
    content = encoded(random_array(dtype, shape))

    found = read(written(tmp_path, content))

    theirs = idx2numpy.convert_from_string(content)
    assert found.shape == theirs.shape
    assert found.tobytes() == theirs.astype(theirs.dtype.newbyteorder(">")).tobytes()


def test_real_mnist_files_are_read(tmp_path: Path, small_mnist: dict[str, Array]) -> None:
    content = gzip.decompress((MNIST / "train-images-idx3-ubyte.gz").read_bytes())

    images = read(written(tmp_path, content))

    np.testing.assert_array_equal(images, small_mnist["train_images"])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "0 bytes"),
        (b"\0\0\x08", "3 bytes"),
        (b"\0\1" + WHOLE[2:], "00 01 08 02"),
        (b"\1\0" + WHOLE[2:], "01 00 08 02"),
        (b"\x89PNG\r\n\x1a\n", "89 50 4e 47"),
        (gzip.compress(WHOLE, mtime=0), "1f 8b 08 00"),
        (b"\0\0\x07\1\0\0\0\1a", "0x07"),
        (b"\0\0\x0a\1\0\0\0\1a", "0x0A"),
        (b"\0\0\x08\0a", "0 dimensions"),
        (b"\0\0\x08\5" + b"\0\0\0\1" * 5 + b"a", "5 dimensions"),
        (WHOLE[:4], "4 bytes"),
        (WHOLE[:11], "11 bytes"),
        (WHOLE[:12], "12 bytes"),
        (WHOLE[:-1], "17 bytes"),
        (WHOLE + b"\0", "19 bytes"),
        (b"\0\0\x08\2" + b"\0\0\0\2\0\0\0\0", "2 x 0"),
        (b"\0\0\x08\4\0\0\0\0" + b"\xff" * 12, "0 x 4294967295"),
        (b"\0\0\x0e\4" + b"\xff" * 16, "20 bytes"),
        # 2**32 doubles: a product in 32 bits would be 0 and fit.
        (b"\0\0\x0e\2\0\1\0\0\0\1\0\0", "12 bytes"),
        # 2**64 bytes: a product in 64 bits would be 0 and fit.
        (b"\0\0\x08\4" + b"\0\1\0\0" * 4, "20 bytes"),
    ],
)
def test_bytes_that_are_no_idx_file_are_refused(tmp_path: Path, content: bytes, found: str) -> None:
    path = written(tmp_path, content)

    with pytest.raises(IdxError) as caught:
        read(path)

    message = str(caught.value)
    assert message.startswith(f"{path}: expected ")
    assert found in message.split("found ")[1]
    assert "\n" not in message


def test_a_huge_claim_is_refused_without_memory_for_it(tmp_path: Path) -> None:
    path = written(tmp_path, b"\0\0\x08\3" + b"\x0f\xff\xff\xff" * 3 + bytes(10))

    with memory_limit(1 << 24), pytest.raises(IdxError, match="found 26 bytes"):
        read(path)


def test_labels_have_the_byte_order_of_the_machine(tmp_path: Path) -> None:
    labels = random_array("i4", (7,))

    found = read_labels(written(tmp_path, encoded(labels)))

    assert found.dtype == labels.dtype
    np.testing.assert_array_equal(found, labels)


@pytest.mark.parametrize(("name", "found"), [("", "a folder"), ("none.idx", "no such file")])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str, found: str) -> None:
    with pytest.raises(IdxError, match=f"expected an IDX file, found {found}"):
        read(tmp_path / name)


def test_images_must_have_three_dimensions(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)

    with pytest.raises(IdxError, match=r"some.idx: expected images, .*, found 2 x 3 uint8;"):
        read_images(path)


@pytest.mark.parametrize("array", [np.zeros((2, 3), np.uint8), np.zeros(4, np.float32)])
def test_labels_must_be_a_row_of_integers(tmp_path: Path, array: Array) -> None:
    path = written(tmp_path, encoded(array))

    with pytest.raises(IdxError, match=r"some.idx: expected labels .*, found \d"):
        read_labels(path)


def test_images_and_labels_are_read(tmp_path: Path) -> None:
    images = random_array("i2", (2, 3, 4))
    labels = random_array("i4", (2,))

    np.testing.assert_array_equal(read_images(written(tmp_path, encoded(images))), images)
    np.testing.assert_array_equal(read_labels(written(tmp_path, encoded(labels))), labels)


def test_a_pipe_is_refused_unread(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "some.idx")

    with pytest.raises(IdxError, match="expected an IDX file, found a folder, a device or a pipe"):
        read(tmp_path / "some.idx")


def test_a_file_above_the_limit_is_refused_without_memory_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idx, "MAXIMUM_BYTES", 1000)
    monkeypatch.delattr(np, "empty")
    path = written(tmp_path, b"\0\0\x08\1\0\0\x07\xd0" + bytes(2000))

    with pytest.raises(IdxError, match="found 2008"):
        read(path)


def test_colours_are_read_where_they_are_expected(tmp_path: Path) -> None:
    images = random_array("u1", (2, 3, 4, 3))
    path = written(tmp_path, encoded(images))

    np.testing.assert_array_equal(read_images(path, channels=3), images)
    with pytest.raises(IdxError, match=r"expectations\.channels in params\.yaml is 1\.$"):
        read_images(path)


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3, 4, 2)])
def test_images_without_the_expected_channels_are_refused(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    path = written(tmp_path, encoded(random_array("u1", shape)))

    with pytest.raises(IdxError, match=r"expected images, height and width, and 3 channels, found"):
        read_images(path, channels=3)


def test_a_column_of_a_table_of_labels_is_read(tmp_path: Path) -> None:
    labels = random_array("i4", (4, 8))
    path = written(tmp_path, encoded(labels))

    np.testing.assert_array_equal(read_labels(path, 3), labels[:, 3])
    with pytest.raises(IdxError, match=r"a table of labels with a column 8, counted from 0, found"):
        read_labels(path, 8)
