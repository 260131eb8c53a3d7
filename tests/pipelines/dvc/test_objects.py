import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.dvc.folder_list import entries
from pipelines.dvc.objects import Fetch, fetch_to_cache, object_names, object_path
from pipelines.dvc.outputs import Output, measure
from pipelines.errors import DamagedError, RecordError
from tests.helpers import md5
from tests.pipelines.in_process import dvc


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def remote_of(**objects: bytes) -> Fetch:
    """A remote that has these objects, whatever they hold."""

    def fetch(names: Sequence[str], into: Path, limit: int) -> None:
        assert sum(len(objects.get(name, b"")) for name in names) <= limit
        for name in names:
            if name in objects:
                (into / name).write_bytes(objects[name])

    return fetch


def folder_of(**files: bytes) -> tuple[Output, dict[str, bytes]]:
    """A folder as an output, and its objects."""
    listed = [{"md5": md5(content), "relpath": name} for name, content in sorted(files.items())]
    content = json.dumps(listed).encode()
    size = sum(map(len, files.values()))
    output = Output(path="data/x", md5=f"{md5(content)}.dir", size=size, nfiles=len(files))
    return output, {output.md5: content} | {md5(content): content for content in files.values()}


def test_folder_is_fetched_with_all_its_files(cache: Path) -> None:
    folder, objects = folder_of(a=b"1", b=b"22")
    fetch_to_cache([folder], cache, remote_of(**objects))
    assert {name: object_path(cache, name).read_bytes() for name in objects} == objects
    assert set(object_names([folder], cache)) == set(objects)
    assert object_path(cache, folder.md5).stat().st_mode & 0o777 == 0o444
    assert [path.name for path in cache.iterdir()] == ["files"]


def test_missing_folder_list_is_reported(cache: Path) -> None:
    folder, _ = folder_of(a=b"1")
    with pytest.raises(DamagedError, match=f"expected the object {folder.md5} of data/x in DVC's"):
        object_names([folder], cache)


def test_nothing_is_stored_if_one_file_is_missing(cache: Path) -> None:
    folder, objects = folder_of(a=b"1", b=b"22")
    del objects[md5(b"22")]
    with pytest.raises(DamagedError, match=f"the object {md5(b'22')} in DVC's remote, found none"):
        fetch_to_cache([folder], cache, remote_of(**objects))
    assert not list(cache.iterdir())


def test_truncated_folder_list_is_rejected(cache: Path) -> None:
    folder, objects = folder_of(a=b"1", b=b"22")
    objects[folder.md5] = objects[folder.md5][:-4]
    with pytest.raises(DamagedError, match="to have that MD5, found"):
        fetch_to_cache([folder], cache, remote_of(**objects))


def test_folder_with_a_wrong_number_of_files_is_rejected(cache: Path) -> None:
    folder, objects = folder_of(a=b"1", b=b"22")
    recorded = folder.model_copy(update={"nfiles": 3})
    with pytest.raises(RecordError, match=r"expected the 3 files that .* found 2;"):
        fetch_to_cache([recorded], cache, remote_of(**objects))
    assert not list(cache.iterdir())


def test_output_is_hashed_as_dvc_does(toy: Path) -> None:
    folder = toy / "files"
    contents = {"a.txt": b"1", "below/b.txt": b"22", "\N{LATIN SMALL LETTER E WITH ACUTE}": b"333"}
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (toy / "alone.txt").write_bytes(b"4444")
    dvc(toy, "add", "files", "alone.txt")

    measured = measure("files", contents)
    assert f"md5: {measured.md5}\n" in (toy / "files.dvc").read_text()
    assert (measured.size, measured.nfiles) == (6, 3)
    listed = object_path(toy / ".dvc" / "cache", measured.md5).read_bytes()
    assert {entry.relpath for entry in entries("files", listed)} == set(contents)

    alone = measure("alone.txt", {"": b"4444"})
    assert f"md5: {alone.md5}\n  size: 4\n" in (toy / "alone.txt.dvc").read_text()
