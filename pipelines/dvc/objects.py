"""Read, check and install DVC's objects: files named by their MD5, rehashed before use."""

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
"""Download objects into a folder under their own names, and skip those that are missing."""

# Bytes: a list of about half a million files.
_LARGEST_LIST = 1 << 26


class Entry(BaseModel):
    """A file in a folder, as the folder's list names it."""

    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    relpath: str


_ENTRIES = TypeAdapter(list[Entry])


def fetch_to_cache(outputs: Sequence[Output], cache: Path, fetch: Fetch) -> None:
    """Bring the objects of outputs into a cache, and rehash each of them.

    Objects that are missing or damaged are fetched. They enter the cache only after all of them are
    found to be intact.

    Args:
        outputs: files and folders that DVC's cache must hold.
        cache: DVC's, the folder that ``dvc cache dir`` names.
        fetch: downloads objects from a remote.

    Raises:
        DamagedError: an object is missing in the remote, or does not match its name.
        RecordError: a folder's list is malformed or names a path outside of the folder; or the size
            of an output differs from the record.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=cache, prefix="incoming-") as temporary:
        incoming = Path(temporary)
        places = _rehashed([output.md5 for output in outputs], cache, incoming, fetch)
        listed = {
            output.md5: entries(output.path, list_at(places[output.md5]))
            for output in outputs
            if output.md5.endswith(DIRECTORY)
        }
        files = [entry.md5 for folder in listed.values() for entry in folder]
        places |= _rehashed(files, cache, incoming, fetch)
        measured = [_measured(output, listed.get(output.md5), places) for output in outputs]
        check_measured(outputs, measured)
        for name, place in places.items():
            if place.parent == incoming:
                install(place, object_path(cache, name))


def object_names(outputs: Iterable[Output], cache: Path) -> list[str]:
    """Return the names of the outputs' objects in the cache; for a folder, its list and its files.

    Raises:
        DamagedError: the cache lacks a folder's list.
    """
    names = []
    for output in outputs:
        names.append(output.md5)
        if output.md5.endswith(DIRECTORY):
            listed = object_path(cache, output.md5)
            if not listed.is_file():
                raise DamagedError(
                    f"expected the object {output.md5} of {output.path} in DVC's cache, found "
                    f"none; add it: dvc commit {output.path}."
                )
            names += [entry.md5 for entry in entries(output.path, list_at(listed))]
    return names


def entries(path: str, content: bytes) -> list[Entry]:
    """Parse the list of a folder's files.

    Raises:
        RecordError: it is malformed, or a file would be outside of the folder.
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
    """Return the path of an object in a cache."""
    return cache / "files" / "md5" / name[:2] / name[2:]


def check_intact(outputs: Iterable[Output], cache: Path) -> None:
    """Rehash the objects of outputs that a cache holds, and ignore those that it lacks.

    DVC trusts a read-only object without a check, and would record its content.

    Raises:
        DamagedError: an object does not match its name.
        RecordError: a folder's list is malformed or names a path outside of the folder.
    """
    for output in outputs:
        _check_intact(output.md5, output.path, cache)
        listed = object_path(cache, output.md5)
        if output.md5.endswith(DIRECTORY) and listed.is_file():
            for entry in entries(output.path, list_at(listed)):
                _check_intact(entry.md5, f"{output.path}/{entry.relpath}", cache)


def hash_of(path: Path) -> str:
    """Return the MD5 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def is_intact(name: str, place: Path) -> bool:
    """Return whether an object exists and matches its name."""
    return place.is_file() and hash_of(place) == name.removesuffix(DIRECTORY)


def install(source: Path, target: Path) -> None:
    """Move an object into the cache in one step, read-only as DVC expects it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source.chmod(0o444)
    durable.move(source, target)


def _rehashed(names: Sequence[str], cache: Path, incoming: Path, fetch: Fetch) -> dict[str, Path]:
    """Return the path of each rehashed object, in the cache or among the downloads."""
    places = {name: object_path(cache, name) for name in names}
    absent = [name for name, place in places.items() if not is_intact(name, place)]
    if absent:
        fetch(absent, incoming)
    for name in absent:
        places[name] = incoming / name
        if not places[name].is_file():
            raise DamagedError(
                f"expected the object {name} in DVC's remote, found none; push it again: dvc push."
            )
        if not is_intact(name, places[name]):
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
        RecordError: it is too large for a list.
    """
    if (size := place.stat().st_size) > _LARGEST_LIST:
        raise RecordError(
            f"expected {place.name} to list a folder's files in at most {_LARGEST_LIST} bytes, "
            f"found {size}."
        )
    return place.read_bytes()


def _check_intact(name: str, path: str, cache: Path) -> None:
    place = object_path(cache, name)
    if place.is_file() and not is_intact(name, place):
        raise DamagedError(
            f"expected the object {name} of {path} in DVC's cache to have that MD5, found "
            f"{hash_of(place)} of {place.stat().st_size} bytes; repair it: "
            "python -m pipelines fsck."
        )
