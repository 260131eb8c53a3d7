"""Read arrays from files in the IDX format.

Yann LeCun, Corinna Cortes and Christopher Burges describe the format on the page of the MNIST
database: two zero bytes, a byte for the data type, a byte for the number of dimensions, the size of
each dimension as an unsigned 32-bit integer, then the numbers in row-major order; every number is
big-endian.
"""

import io
import math
import os
import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stages.shared.artifacts import Array
from stages.shared.errors import UserError

DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
MAXIMUM_DIMENSIONS = 4
MAXIMUM_BYTES = 1 << 40


class IdxError(UserError):
    """A file is not an IDX file, or does not contain the expected array."""


class Header(NamedTuple):
    """What the first bytes of an IDX file declare about the rest."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def header_bytes(self) -> int:
        """Size of the header itself."""
        return 4 + 4 * len(self.shape)

    @property
    def file_bytes(self) -> int:
        """Size of the whole file; Python's integers do not overflow."""
        return self.header_bytes + math.prod(self.shape) * self.dtype.itemsize


def read(path: Path) -> Array:
    """Map an IDX file into memory, whatever its name, if the size in its header is the file's.

    Args:
        path: a file of 1 to 4 dimensions, each at least 1.

    Returns:
        The array, read-only: uint8, int8, int16, int32, float32 or float64, big-endian.

    Raises:
        IdxError: there is no such file, or its content is not exactly one IDX file.
    """
    try:
        if not path.is_file():
            found = "a folder, a device or a pipe" if path.exists() else "no such file"
            raise IdxError(f"{path}: expected an IDX file, found {found}.")
        with path.open("rb") as file:
            header = _header(path, file)
            _check_size(path, header, os.fstat(file.fileno()).st_size)
            return np.memmap(
                file, header.dtype, mode="r", offset=header.header_bytes, shape=header.shape
            )
    except OSError as error:
        raise IdxError(f"{path}: expected an IDX file, found {error}.") from error


def read_images(path: Path, channels: int = 1) -> Array:
    """Read images of any dtype.

    Args:
        path: of the file.
        channels: 1 or 3.

    Returns:
        ``(n, height, width)``, or ``(n, height, width, 3)``, as ``read`` returns it.

    Raises:
        IdxError: the file cannot be read, or its array has another shape.
    """
    images = read(path)
    colours = () if channels == 1 else (channels,)
    if images.ndim != 3 + len(colours) or images.shape[3:] != colours:
        raise IdxError(
            f"{path}: expected images, height and width"
            + (f", and {channels} channels" if colours else "")
            + f", found {_described(images)}; expectations.channels in params.yaml is {channels}."
        )
    return images


def read_labels(path: Path, column: int | None = None) -> Array:
    """Read labels.

    Args:
        path: of the file.
        column: of its table; None if it has only one label for each image.

    Returns:
        ``(n,)`` of an integer dtype, in the machine's byte order.

    Raises:
        IdxError: the file cannot be read, or its array has another shape or dtype.
    """
    labels = read(path)
    if column is not None:
        if labels.ndim != 2 or column >= labels.shape[1]:  # noqa: PLR2004 - a table
            raise IdxError(
                f"{path}: expected a table of labels with a column {column}, counted from 0, "
                f"found {_described(labels)}."
            )
        labels = labels[:, column]
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise IdxError(
            f"{path}: expected labels as integers in 1 dimension, found {_described(labels)}."
        )
    return np.array(labels, labels.dtype.newbyteorder("="))


def _header(path: Path, file: io.BufferedIOBase) -> Header:
    start = file.read(4)
    if len(start) < 4:  # noqa: PLR2004 - the size just asked for
        raise IdxError(f"{path}: expected an IDX header, found {len(start)} bytes.")
    if start[:2] != b"\0\0":
        raise IdxError(
            f"{path}: expected an IDX file, which starts with two zero bytes, "
            f"found the bytes {start.hex(' ')}."
        )
    code, dimensions = start[2:]
    if code not in DTYPES:
        known = ", ".join(f"0x{known:02X}" for known in DTYPES)
        raise IdxError(f"{path}: expected a data type code of {known}, found 0x{code:02X}.")
    if not 1 <= dimensions <= MAXIMUM_DIMENSIONS:
        raise IdxError(
            f"{path}: expected 1 to {MAXIMUM_DIMENSIONS} dimensions, found {dimensions} dimensions."
        )
    sizes = file.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise IdxError(
            f"{path}: expected an IDX header of {4 + 4 * dimensions} bytes, "
            f"found {4 + len(sizes)} bytes."
        )
    shape = struct.unpack(f">{dimensions}I", sizes)
    if 0 in shape:
        raise IdxError(f"{path}: expected no dimension of size 0, found {_product(shape)}.")
    return Header(DTYPES[code], shape)


def _check_size(path: Path, header: Header, found: int) -> None:
    if found != header.file_bytes:
        raise IdxError(
            f"{path}: expected {header.file_bytes} bytes for {_product(header.shape)} "
            f"{header.dtype.newbyteorder('=')} numbers, found {found} bytes."
        )
    if header.file_bytes > MAXIMUM_BYTES:
        raise IdxError(f"{path}: expected at most {MAXIMUM_BYTES} bytes, found {found}.")


def _described(array: Array) -> str:
    return f"{_product(array.shape)} {array.dtype.name}"


def _product(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
