"""Each reader of a file, with thousands of damaged ones: it returns a value or its own error."""

import gzip
import hashlib
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from PIL import Image

from pipelines.dvc import folder_list
from pipelines.dvc.lock_record import read_lock
from pipelines.errors import PipelineError
from stages.dataset import idx
from stages.dataset.transfer import TransferError, receive
from stages.params.dataset import DataFile
from stages.params.file import read_params
from stages.photos import pictures
from stages.results.reading import read_provenance
from stages.shared import artifacts
from stages.shared.errors import UserError
from stages.shared.formats import FormatError, parse_text
from tests.damage import EXAMPLES, damaged, many_examples
from tests.helpers import ROOT, memory_limit

Record = Callable[[str, object], None]

# More than the largest content here takes, and less than a damaged header can ask for.
MEMORY = 1 << 30


class Reader(NamedTuple):
    """A reader, and a whole file for it."""

    content: bytes
    read: Callable[[Path], object]


def picture(kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a picture"
    file = io.BytesIO()
    grey = np.tile(np.arange(6, dtype=np.uint8).reshape(2, 3) * 51, (8, 8))
    Image.fromarray(grey).save(file, kind, exif=exif)
    return file.getvalue()


def array() -> bytes:
    file = io.BytesIO()
    np.save(file, np.arange(6, dtype=np.float32).reshape(2, 3))
    return file.getvalue()


def tensors(folder: Path) -> bytes:
    path = folder / "tensors"
    artifacts.write_tensors(path, {"a": np.eye(2), "b": np.arange(3)}, {"k": "v"})
    return path.read_bytes()


def of_content(read: Callable[[bytes], object]) -> Callable[[Path], object]:
    return lambda path: read(path.read_bytes())


def received(path: Path) -> None:
    """Read a file as the stage fetch does."""
    file = DataFile(name="file", bytes=len(IDX), sha256=hashlib.sha256(IDX).hexdigest())
    receive(path.open("rb"), file, path.with_name("received"), lambda _: None)


IDX = b"\0\0\x08\x03" + b"".join(size.to_bytes(4, "big") for size in (2, 3, 4)) + bytes(range(24))
LIST = (
    b'[{"md5": "0cc175b9c0f1b6a831c399e269772661", "relpath": "a/b.txt"}, '
    b'{"md5": "92eb5ffee6ae2fec3ad71c777531578f", "relpath": "a/c.txt"}]'
)
# The first two stages of this project's.
LOCK = (ROOT / "dvc.lock").read_bytes().split(b"\n  standardize:")[0] + b"\n"
READERS: dict[str, Callable[[Path], Reader]] = {
    "IDX": lambda _: Reader(IDX, idx.read_images),
    "gzip": lambda _: Reader(gzip.compress(IDX, mtime=0), received),
    "PNG": lambda _: Reader(picture("png"), pictures.read),
    "JPEG": lambda _: Reader(picture("jpeg"), pictures.read),
    "npy": lambda _: Reader(array(), artifacts.read_array),
    "safetensors": lambda folder: Reader(tensors(folder), artifacts.read_tensors),
    "table": lambda _: Reader(b'a,b\n1,"x, y"\n2,z\n', artifacts.read_table),
    "text": lambda _: Reader("Größe\n".encode(), of_content(parse_text)),
    "params": lambda _: Reader((ROOT / "params.yaml").read_bytes(), read_params),
    "dvc.lock": lambda _: Reader(LOCK, of_content(lambda content: read_lock(content, "dvc.lock"))),
    "folder list": lambda _: Reader(
        LIST, of_content(lambda content: folder_list.entries("folder", content))
    ),
    "provenance": lambda _: Reader(
        (ROOT / "models" / "provenance.json").read_bytes(), of_content(read_provenance)
    ),
}


@pytest.mark.parametrize("name", READERS)
def test_damaged_file_is_read_or_refused_in_one_sentence(
    name: str, tmp_path: Path, record_property: Record
) -> None:
    reader = READERS[name](tmp_path)
    path, refused = tmp_path / "file", list[str]()
    path.write_bytes(reader.content)
    reader.read(path)

    @many_examples
    @given(damaged(reader.content))
    def read(damage: bytes) -> None:
        path.write_bytes(damage)
        try:
            with warnings.catch_warnings():
                # Pillow warns of damage that it can live with.
                warnings.simplefilter("ignore", UserWarning)
                reader.read(path)
        except (UserError, PipelineError, FormatError, TransferError) as error:
            sentence = str(error)
            assert sentence.isprintable()
            assert len(sentence) < 2000
            refused.append(sentence)

    record_property("cases", EXAMPLES)
    with memory_limit(MEMORY):
        read()
    assert len(refused) > EXAMPLES // 10
