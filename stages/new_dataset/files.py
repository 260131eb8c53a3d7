"""Read IDX files, arrays of NumPy and folders of pictures; write IDX files."""

import gzip
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, cast

import numpy as np
from PIL import Image

from stages.dataset import idx
from stages.dataset.source import SourceError
from stages.dataset.sources import describe, opened
from stages.dataset.transfer import GZIP_MAGIC, TransferError
from stages.new_dataset.content import ContentError, Set
from stages.params.dataset import Source
from stages.photos import pictures
from stages.shared.artifacts import Array, replacing
from stages.shared.blocks import blocks

STANDARD = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
"""The names of MNIST's files."""
# Names of arrays in the .npz files of Keras, MedMNIST and others.
_ARRAYS = {
    "train_images": ("train_images", "x_train", "X_train"),
    "train_labels": ("train_labels", "y_train"),
    "test_images": ("test_images", "x_test", "X_test"),
    "test_labels": ("test_labels", "y_test"),
    "images": ("images", "x", "X", "data"),
    "labels": ("labels", "y", "target"),
}
_BLOCK = 1 << 20
_CODES = {dtype.newbyteorder("=").name: code for code, dtype in idx.DTYPES.items()}


def names_in(folder: Path) -> dict[str, str] | None:
    """Find the names of four IDX files in a folder, without ``.gz``; None if there are not four."""
    names = sorted({path.name.removesuffix(".gz") for path in folder.iterdir() if path.is_file()})
    found = {}
    for role in STANDARD:
        kind, what = role.split("_")
        words = ("train",) if kind == "train" else ("t10k", "test")
        fitting = [name for name in names if what in name and any(word in name for word in words)]
        if len(fitting) != 1:
            return None
        found[role] = fitting[0]
    return found


def copy_files(source: Source, names: Mapping[str, str], folder: Path) -> None:
    """Copy the files of a source to a folder, uncompressed.

    Raises:
        ContentError: the source lacks one, or one is damaged or too large.
    """
    try:
        with opened(source) as open_file:
            for name in names.values():
                with open_file(name) as stream:
                    _copy(stream, folder / name)
    except (SourceError, TransferError, OSError, EOFError, zlib.error) as error:
        raise ContentError(
            f"{describe(source)}: expected the files {', '.join(names.values())}, found: {error}."
        ) from None


def _copy(stream: IO[bytes], target: Path) -> None:
    with tempfile.TemporaryFile() as received:
        _pump(stream, received)
        received.seek(0)
        compressed = received.read(2) == GZIP_MAGIC
        received.seek(0)
        plain = gzip.GzipFile(fileobj=received) if compressed else received
        with replacing(target) as temporary, temporary.open("wb") as output:
            _pump(cast("IO[bytes]", plain), output)


def _pump(source: IO[bytes], target: IO[bytes]) -> None:
    size = 0
    while block := source.read(_BLOCK):
        size += len(block)
        if size > idx.MAXIMUM_BYTES:
            raise TransferError(f"expected at most {idx.MAXIMUM_BYTES:,} bytes, found more")
        target.write(block)


def read_arrays(path: Path) -> dict[str, Array]:
    """Read a ``.npz`` file of NumPy.

    Returns:
        ``train_images``, ``train_labels``, ``test_images`` and ``test_labels``; or ``images`` and
        ``labels``.

    Raises:
        ContentError: it is damaged or too large, or its arrays have other names.
    """
    try:
        with zipfile.ZipFile(path) as members:
            size = sum(member.file_size for member in members.infolist())
        if size > 2 * idx.MAXIMUM_BYTES:
            raise ContentError(f"{path}: expected at most {2 * idx.MAXIMUM_BYTES:,} bytes.")
        with np.load(path, allow_pickle=False) as content:
            found = {
                role: next(name for name in names if name in content.files)
                for role, names in _ARRAYS.items()
                if any(name in content.files for name in names)
            }
            for roles in (tuple(STANDARD), ("images", "labels")):
                if all(role in found for role in roles):
                    return {role: content[found[role]] for role in roles}
            names = ", ".join(content.files)
    except (OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise ContentError(f"{path}: expected a .npz file of NumPy, found: {error}.") from None
    raise ContentError(
        f"{path}: expected arrays named {', '.join(STANDARD)}, or images and labels, found {names}."
    )


def read_pictures(folder: Path, size: tuple[int, int] | None) -> tuple[Set, tuple[str, ...]]:
    """Read pictures from a folder for each class.

    Args:
        folder: with a folder of PNG or JPEG files for each class, named as the class.
        size: height and width that all get; by default they must have one size.

    Returns:
        The images, ``(n, height, width)`` uint8, or ``(n, height, width, 3)`` if any has colours,
        with the numbers of their classes; and the names of the classes, in the order of the
        alphabet.

    Raises:
        ContentError: there are no pictures, or they differ in size.
        PictureError: a file cannot be read as a picture.
    """
    classes = sorted(path.name for path in folder.iterdir() if path.is_dir())
    images, labels = list[Array](), list[int]()
    for number, name in enumerate(classes):
        for path in sorted((folder / name).iterdir()):
            # Hidden files are of file managers. Any other is a picture, or named in an error.
            if not path.name.startswith("."):
                images.append(_picture(path, size))
                labels.append(number)
    sizes = {image.shape[:2] for image in images}
    if len(sizes) != 1:
        found = " and ".join(f"{h} x {w}" for h, w in sorted(sizes)[:2]) or "no picture"
        raise ContentError(
            f"{folder}: expected a folder of pictures of one size for each class, found {found}; "
            "to give all one size, add --size HEIGHTxWIDTH."
        )
    if any(image.shape[2] > 1 for image in images):
        # A grey picture among coloured ones gets three equal channels.
        images = [np.broadcast_to(image, (*image.shape[:2], 3)) for image in images]
    else:
        images = [image[..., 0] for image in images]
    return Set(np.stack(images), np.array(labels)), tuple(classes)


def _picture(path: Path, size: tuple[int, int] | None) -> Array:
    try:
        brightness = pictures.read(path)
    except pictures.PictureError as error:
        raise ContentError(f"{path}: {error}") from None
    image: Array = np.rint(255 * brightness).astype(np.uint8)
    if not size:
        return image
    channels = [
        np.asarray(Image.fromarray(channel).resize(size[::-1], Image.Resampling.LANCZOS))
        for channel in np.moveaxis(image, -1, 0)
    ]
    return np.stack(channels, axis=-1)


def write_idx(path: Path, array: Array) -> None:
    """Write an array of a type that IDX has."""
    code = _CODES[array.dtype.name]
    header = struct.pack(f">4B{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(header)
        for block in blocks(array):
            file.write(array[block].astype(idx.DTYPES[code]).tobytes())
