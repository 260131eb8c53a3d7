import json

import pytest

from pipelines.dvc.folder_list import check_files, entries, largest_list
from pipelines.dvc.outputs import Output
from pipelines.errors import RecordError
from tests.helpers import md5


def listed(*names: str) -> bytes:
    return json.dumps([{"md5": md5(b""), "relpath": name} for name in names]).encode()


@pytest.mark.parametrize(
    "name",
    [
        *("../x", "a/../../x", "/etc/x", "", ".", "./a", "a/", "a//b", ".git/hooks/x", "a/.GIT"),
        *("a\0b", "a\nb", "\x1b[2J", "a" * 256, "a/" * 600 + "b"),
    ],
)
def test_file_that_cannot_be_in_the_folder_is_rejected(name: str) -> None:
    with pytest.raises(RecordError, match="expected files within data/x, found one at") as raised:
        entries("data/x", listed(name))
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "expected a list of the files of data/x, found"),
        (b"{}", "expected a list of the files of data/x, found"),
        (b"[" * 2000, "expected a list of the files of data/x, found"),
        (b"[" + b"0, " * 100_000 + b"0]", "expected a list of the files of data/x, found"),
        (b'[{"relpath": "a", "md5": "../../x"}]', "expected a list of the files of data/x, found"),
        (b'[{"md5": "' + b"0" * 32 + b'", "relpath": "\\ud800"}]', "expected a list of the files"),
        (listed("a").replace(b"}", b', "isexec": true}'), "found Extra inputs are not permitted"),
        (listed("a").replace(b"[", b"[ "), "found another order or form"),
        (listed("a").replace(b'"a"', b'"b", "relpath": "a"'), "found another order or form"),
        (listed("b", "a"), "found another order or form"),
        (listed("a", "a"), "expected each file of data/x once, found a twice"),
        (listed("a", "a.b", "a/b"), "expected a file or a folder at a in data/x, found both"),
    ],
)
def test_list_that_dvc_did_not_write_is_rejected(content: bytes, found: str) -> None:
    with pytest.raises(RecordError, match=found) as raised:
        entries("data/x", content)
    assert len(str(raised.value)) < 300


def test_files_that_can_exist_together_are_accepted() -> None:
    names = ["a", "a.b", "b/.gitignore", "b/c d", "b/\N{SNOWMAN}", "\\", "a" * 255]
    check_files(names, "data/x")
    assert [entry.relpath for entry in entries("data/x", listed(*sorted(names)))] == sorted(names)


def test_limit_of_a_list_follows_from_its_number_of_files() -> None:
    one = Output(path="x", md5="0" * 32 + ".dir", size=0, nfiles=1)
    assert len(listed("a" * 255)) < largest_list(one) < 100_000
    many = one.model_copy(update={"nfiles": 10**12})
    assert largest_list(many) == largest_list(one.model_copy(update={"nfiles": None})) == 1 << 26
