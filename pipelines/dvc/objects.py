"""Read, check and install DVC's objects: files named by their MD5, rehashed before use."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.dvc.folder_list import Entry, entries, largest_list, list_at
from pipelines.dvc.outputs import DIRECTORY, Output, check_measured
from pipelines.errors import DamagedError, RecordError
from pipelines.system import durable
from stages.shared.digests import md5_of

Fetch = Callable[[Sequence[str], Path, int], None]
"""Download objects into a folder under their own names, and skip those that are missing.

The last argument limits the bytes of all of them together.
"""


@contextmanager
def fetched(outputs: Sequence[Output], cache: Path, fetch: Fetch) -> Iterator[Mapping[str, Path]]:
    """Find the objects of outputs while the block runs, and rehash each of them.

    Objects that the cache lacks or has damaged are fetched into a folder inside it, which is
    removed after the block. The cache's own objects do not change.

    Args:
        outputs: files and folders whose objects are needed.
        cache: DVC's, the folder that ``dvc cache dir`` names.
        fetch: downloads objects from a remote.

    Yields:
        The path of each object, by its name.

    Raises:
        DamagedError: an object is missing in the remote, or does not match its name.
        RecordError: a folder's list is malformed or names a path outside of the folder; or an
            output differs from its record.
        PipelineError: an object in the remote is larger than recorded.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=cache, prefix="incoming-") as temporary:
        incoming = Path(temporary)
        limits = {
            one.md5: largest_list(one) if one.md5.endswith(DIRECTORY) else one.size
            for one in outputs
        }
        places = _rehashed(list(limits), cache, incoming, fetch, sum(limits.values()))
        listed = {
            output.md5: entries(output.path, list_at(places[output.md5]))
            for output in outputs
            if output.md5.endswith(DIRECTORY)
        }
        folders = [output for output in outputs if output.md5 in listed]
        for folder in folders:
            found = len(listed[folder.md5])
            if folder.nfiles not in {None, found}:
                raise RecordError(
                    f"{folder.path} is rejected: expected the {folder.nfiles} files that dvc.lock "
                    f"records, found {found}; nothing was accepted."
                )
        files = {entry.md5: None for folder in listed.values() for entry in folder}
        size = sum(folder.size for folder in folders)
        places |= _rehashed(list(files), cache, incoming, fetch, size)
        measured = [_measured(output, listed.get(output.md5), places) for output in outputs]
        check_measured(outputs, measured)
        yield places


def fetch_to_cache(outputs: Sequence[Output], cache: Path, fetch: Fetch) -> None:
    """Bring the objects of outputs into a cache; see ``fetched`` for the checks and errors.

    They enter the cache only after all of them are found to be intact.
    """
    with fetched(outputs, cache, fetch) as places:
        for name, place in places.items():
            if place != object_path(cache, name):
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


def is_intact(name: str, place: Path) -> bool:
    """Return whether an object exists and matches its name."""
    return place.is_file() and md5_of(place) == name.removesuffix(DIRECTORY)


def install(source: Path, target: Path) -> None:
    """Move an object into the cache in one step, read-only as DVC expects it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source.chmod(0o444)
    durable.move(source, target)


def _rehashed(
    names: Sequence[str], cache: Path, incoming: Path, fetch: Fetch, limit: int
) -> dict[str, Path]:
    """Return the path of each rehashed object, in the cache or among the downloads."""
    places = {name: object_path(cache, name) for name in names}
    absent = [name for name, place in places.items() if not is_intact(name, place)]
    if absent:
        fetch(absent, incoming, limit)
    for name in absent:
        places[name] = incoming / name
        if not places[name].is_file():
            raise DamagedError(
                f"expected the object {name} in DVC's remote, found none; push it again: dvc push."
            )
        if not is_intact(name, places[name]):
            raise DamagedError(
                f"expected the object {name} of DVC's remote to have that MD5, found "
                f"{md5_of(places[name])} of {places[name].stat().st_size} bytes; remove it there "
                "and push it again."
            )
    return places


def _measured(output: Output, listed: Sequence[Entry] | None, places: Mapping[str, Path]) -> Output:
    names = [output.md5] if listed is None else [entry.md5 for entry in listed]
    size = sum(places[name].stat().st_size for name in names)
    nfiles = None if listed is None else len(listed)
    return Output(path=output.path, md5=output.md5, size=size, nfiles=nfiles)


def _check_intact(name: str, path: str, cache: Path) -> None:
    place = object_path(cache, name)
    if place.is_file() and not is_intact(name, place):
        raise DamagedError(
            f"expected the object {name} of {path} in DVC's cache to have that MD5, found "
            f"{md5_of(place)} of {place.stat().st_size} bytes; repair it: "
            "python -m pipelines fsck."
        )
