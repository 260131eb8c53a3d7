from pathlib import Path

import pytest

from pipelines.dvc.objects import object_path
from pipelines.dvc.outputs import DIRECTORY, Output, measure
from pipelines.dvc.processes.committed import check_committed
from pipelines.errors import DamagedError

CONTENTS = {"a": b"1", "b": b"22", "below/a": b"1"}
FOLDER = measure("many", CONTENTS)
FILE = measure("one", {"": b"333"})
# By md5sum.
OF_A, OF_FILE = "c4ca4238a0b923820dcc509a6f75849b", "310dcbbf4cce62f762a2aaa148d556bd"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache that has a folder and a file."""
    listed = (
        f'[{{"md5": "{OF_A}", "relpath": "a"}}, '
        '{"md5": "b6d767d2f8ed5d21a44b0e5886680cb9", "relpath": "b"}, '
        f'{{"md5": "{OF_A}", "relpath": "below/a"}}]'
    )
    objects = {
        OF_A: b"1",
        "b6d767d2f8ed5d21a44b0e5886680cb9": b"22",
        OF_FILE: b"333",
        FOLDER.md5: listed.encode(),
    }
    for name, content in objects.items():
        place = object_path(tmp_path, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    assert FOLDER.md5.endswith(DIRECTORY)
    return tmp_path


def test_complete_outputs_are_accepted(cache: Path) -> None:
    check_committed("make", [FOLDER, FILE], cache)


@pytest.mark.parametrize(
    ("lost", "found"),
    [
        (OF_FILE, "the 3 bytes of one in DVC's cache .*, found none of them"),
        (FOLDER.md5, "the 4 bytes of many in DVC's cache .*, found none of them"),
        (OF_A, "the 4 bytes of many in DVC's cache .*, found 2 of 3 files missing"),
    ],
)
def test_output_with_a_missing_object_is_incomplete(cache: Path, lost: str, found: str) -> None:
    object_path(cache, lost).unlink()
    with pytest.raises(
        DamagedError, match=f"^stage make ran, but its output is incomplete: .*{found};"
    ):
        check_committed("make", [FOLDER, FILE], cache)


@pytest.mark.parametrize(("name", "left"), [(OF_FILE, "0"), (OF_A, "2")])
def test_truncated_object_is_incomplete(cache: Path, name: str, left: str) -> None:
    object_path(cache, name).write_bytes(b"")
    with pytest.raises(DamagedError, match=f"found {left};"):
        check_committed("make", [FOLDER, FILE], cache)


def test_size_must_match_the_record(cache: Path) -> None:
    longer = Output(path="one", md5=FILE.md5, size=4)
    with pytest.raises(DamagedError, match=r"expected the 4 bytes .*, found 3;"):
        check_committed("make", [longer], cache)
