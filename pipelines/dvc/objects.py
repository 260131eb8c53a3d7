"""DVC's objects, each a file of the name of its MD5: rehashed before anything relies on them."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Annotated

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from pipelines.dvc.outputs import DIRECTORY, Output, check_measured
from pipelines.errors import DamagedError, RecordError
from pipelines.system import durable

Fetch = Callable[[Sequence[str], Path], None]
"""Download objects of these names into a folder, as files of these names, but for those missing."""

# Bytes: about half a million files.
_LARGEST_LIST = 1 << 26


class Entry(BaseModel):
    """A file of a folder, as the folder's object lists it."""

    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    relpath: str


_ENTRIES = TypeAdapter(list[Entry])


def bring(outputs: Sequence[Output], cache: Path, fetch: Fetch) -> None:
    """Have the objects of outputs in a cache, each of them rehashed.

    What the cache lacks, or holds damaged, is fetched; it comes there when all have been found
    sound.

    Args:
        outputs: files and folders that DVC's cache shall hold.
        cache: DVC's, the folder that ``dvc cache dir`` names.
        fetch: gets objects from a remote.

    Raises:
        DamagedError: an object is missing in the remote, or is not what its name says.
        RecordError: a folder's list is malformed, or leads out of the folder; or an output has
            another size than is recorded.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=cache, prefix="incoming-") as temporary:
        incoming = Path(temporary)
        places = _sound([output.md5 for output in outputs], cache, incoming, fetch)
        listed = {
            output.md5: entries(output.path, list_at(places[output.md5]))
            for output in outputs
            if output.md5.endswith(DIRECTORY)
        }
        files = [entry.md5 for folder in listed.values() for entry in folder]
        places |= _sound(files, cache, incoming, fetch)
        measured = [_measured(output, listed.get(output.md5), places) for output in outputs]
        check_measured(outputs, measured)
        for name, place in places.items():
            if place.parent == incoming:
                install(place, object_path(cache, name))


def object_names(outputs: Iterable[Output], cache: Path) -> list[str]:
    """Name the objects of outputs that the cache holds: of a folder, its list and its files.

    Raises:
        DamagedError: it does not hold a folder's list.
    """
    names = []
    for output in outputs:
        names.append(output.md5)
        if output.md5.endswith(DIRECTORY):
            listed = object_path(cache, output.md5)
            if not listed.is_file():
                raise DamagedError(
                    f"expected the object {output.md5} of {output.path} in DVC's cache, found "
                    f"none; have it there: dvc commit {output.path}."
                )
            names += [entry.md5 for entry in entries(output.path, list_at(listed))]
    return names


def entries(path: str, content: bytes) -> list[Entry]:
    """Read the list of a folder's files.

    Raises:
        RecordError: it is malformed, or a file would lie outside of the folder.
    """
    try:
        found = _ENTRIES.validate_json(content)
    except ValidationError as error:
        what = " ".join(str(error).split())
        raise RecordError(f"expected a list of the files of {path}, found {what}.") from None
    for entry in found:
        parts = PurePosixPath(entry.relpath).parts
        if not parts or ".." in parts or parts[0] == "/":
            raise RecordError(f"expected files within {path}, found one at {entry.relpath}.")
    return found


def object_path(cache: Path, name: str) -> Path:
    """Give the place of an object in a cache."""
    return cache / "files" / "md5" / name[:2] / name[2:]


def check_sound(outputs: Iterable[Output], cache: Path) -> None:
    """Rehash all that a cache holds of outputs; what it lacks is no matter here.

    DVC takes an object that cannot be written for a sound one, and would record what it holds.

    Raises:
        DamagedError: an object is not what its name says.
        RecordError: a folder's list is malformed, or leads out of the folder.
    """
    for output in outputs:
        _check_sound(output.md5, output.path, cache)
        listed = object_path(cache, output.md5)
        if output.md5.endswith(DIRECTORY) and listed.is_file():
            for entry in entries(output.path, list_at(listed)):
                _check_sound(entry.md5, f"{output.path}/{entry.relpath}", cache)


def hash_of(path: Path) -> str:
    """Give the MD5 of a file, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def is_sound(name: str, place: Path) -> bool:
    """Whether an object is there, and is what its name says."""
    return place.is_file() and hash_of(place) == name.removesuffix(DIRECTORY)


def install(source: Path, target: Path) -> None:
    """Move an object into the cache at once, read-only as DVC has it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source.chmod(0o444)
    durable.move(source, target)


def _sound(names: Sequence[str], cache: Path, incoming: Path, fetch: Fetch) -> dict[str, Path]:
    """Give the place of each object, in the cache or just come in, rehashed."""
    places = {name: object_path(cache, name) for name in names}
    absent = [name for name, place in places.items() if not is_sound(name, place)]
    if absent:
        fetch(absent, incoming)
    for name in absent:
        places[name] = incoming / name
        if not places[name].is_file():
            raise DamagedError(
                f"expected the object {name} in DVC's remote, found none; push it again."
            )
        if not is_sound(name, places[name]):
            raise DamagedError(
                f"expected the object {name} of DVC's remote to have that MD5, found "
                f"{hash_of(places[name])} of {places[name].stat().st_size} bytes; remove it there "
                "and push it again."
            )
    return places


def _measured(output: Output, listed: Sequence[Entry] | None, places: Mapping[str, Path]) -> Output:
    names = [output.md5] if listed is None else [entry.md5 for entry in listed]
    size = sum(places[name].stat().st_size for name in names)
    nfiles = None if listed is None else len(listed)
    return Output(path=output.path, md5=output.md5, size=size, nfiles=nfiles)


def list_at(place: Path) -> bytes:
    """Read a folder's list of files.

    Raises:
        RecordError: it is too large to be one.
    """
    if (size := place.stat().st_size) > _LARGEST_LIST:
        raise RecordError(
            f"expected {place.name} to list a folder's files in at most {_LARGEST_LIST} bytes, "
            f"found {size}."
        )
    return place.read_bytes()


def _check_sound(name: str, path: str, cache: Path) -> None:
    place = object_path(cache, name)
    if place.is_file() and not is_sound(name, place):
        raise DamagedError(
            f"expected the object {name} of {path} in DVC's cache to have that MD5, found "
            f"{hash_of(place)} of {place.stat().st_size} bytes; repair it: "
            "python -m pipelines fsck."
        )
