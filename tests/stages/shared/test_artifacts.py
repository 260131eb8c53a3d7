import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.shared import artifacts
from stages.shared.artifacts import Array, ArtifactError

Read = Callable[[Path], object]


def test_an_artifact_stands_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.txt"
    artifacts.write_text(path, "old")

    def interrupted() -> None:
        with artifacts.replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_an_artifact_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.txt"
    done: list[tuple[str, Path, Path | str | None]] = []
    fsync, replace = os.fsync, os.replace

    def record_fsync(descriptor: int) -> None:
        place = Path(f"/proc/self/fd/{descriptor}").readlink()
        done.append(("flush", place, place.read_text() if place.is_file() else None))
        fsync(descriptor)

    def record_replace(source: Path, target: Path) -> None:
        done.append(("rename", Path(source), Path(target)))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(os, "replace", record_replace)
    artifacts.write_text(path, "text")

    temporary = done[0][1]
    assert done == [
        ("flush", temporary, "text"),
        ("rename", temporary, path),
        ("flush", tmp_path, None),
    ]


def test_an_artifact_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()

    artifacts.write_text(tmp_path / "artifact", "text")

    assert (tmp_path / "artifact").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_json_keeps_its_order_and_refuses_what_is_not_json(tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    artifacts.write_json(path, {"b": 1, "a": "é"})

    assert path.read_text() == '{\n  "b": 1,\n  "a": "é"\n}\n'
    assert artifacts.read_json(path) == {"b": 1, "a": "é"}
    with pytest.raises(ValueError, match="nan"):
        artifacts.write_json(path, float("nan"))


@pytest.mark.parametrize("content", ["NaN", "[-Infinity]", "[" * 100_000], ids=str.__len__)
def test_what_json_is_not_is_not_read(tmp_path: Path, content: str) -> None:
    path = tmp_path / "value.json"
    path.write_text(content)

    with pytest.raises(ArtifactError, match=r"expected a JSON file, found:? "):
        artifacts.read_json(path)


def test_a_table_has_six_significant_digits(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"

    artifacts.write_table(path, pd.DataFrame({"n": [1], "share": [2 / 3]}))

    assert path.read_text() == "n,share\n1,0.666667\n"
    assert artifacts.read_table(path).to_dict("list") == {"n": [1], "share": [0.666667]}


def test_names_that_look_like_numbers_stay_names(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("name,n\n007,1\nNA,2\n,3\n")

    table = artifacts.read_table(path, texts=["name"])

    assert table.to_dict("list") == {"name": ["007", "NA", ""], "n": [1, 2, 3]}


def test_arrays_are_memory_mapped_and_read_only(tmp_path: Path) -> None:
    path = tmp_path / "array.npy"
    artifacts.write_array(path, np.arange(3))

    array = artifacts.read_array(path)

    assert isinstance(array, np.memmap)
    assert array.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_tensors_come_back_as_they_were_and_as_the_same_bytes(tmp_path: Path) -> None:
    tensors: dict[str, Array] = {
        "b": np.eye(2, dtype=np.float32)[:, ::-1],
        "a": np.array([1], np.int64),
    }
    one, other = tmp_path / "one", tmp_path / "other"

    artifacts.write_tensors(one, tensors)
    artifacts.write_tensors(other, dict(reversed(tensors.items())))

    assert one.read_bytes() == other.read_bytes()
    assert {name: array.tolist() for name, array in artifacts.read_tensors(one).items()} == {
        "a": [1],
        "b": [[0, 1], [1, 0]],
    }


def test_arrays_of_objects_are_neither_written_nor_read(tmp_path: Path) -> None:
    path = tmp_path / "objects.npy"
    with pytest.raises(ValueError, match="an array of numbers, found object"):
        artifacts.write_array(path, np.array([{}]))
    np.save(path, np.array([{}]), allow_pickle=True)

    with pytest.raises(ArtifactError, match="Python objects"):
        artifacts.read_array(path)


@pytest.mark.parametrize(
    "read",
    [artifacts.read_json, artifacts.read_table, artifacts.read_array, artifacts.read_tensors],
)
def test_what_is_missing_or_damaged_is_named_in_one_line(read: Read, tmp_path: Path) -> None:
    path = tmp_path / "artifact"
    with pytest.raises(ArtifactError, match=r"artifact: expected a .* found: no such file"):
        read(path)
    for damaged in (b"", b"a,b\n1,2,3\n4,5,6,7\n"):
        path.write_bytes(damaged)

        with pytest.raises(ArtifactError, match=r"artifact: expected a .* found:? ") as refused:
            read(path)

        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "read",
    [artifacts.read_array, artifacts.read_tensors],
)
@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_refused_without_waiting(
    read: Read, make: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "artifact"
    make(path)

    with pytest.raises(
        ArtifactError, match=r"artifact: expected a file, found (a folder|a device)"
    ):
        read(path)


def npy(header: str, numbers: bytes = b"") -> bytes:
    """Return a ``.npy`` file of version 1.0."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + numbers


def npy_of(shape: str, descr: str = "'|u1'") -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}"


@pytest.mark.parametrize(
    "content",
    [
        npy(npy_of("(1000000000000000000,)")),
        npy(npy_of("(99999999999999999999999,)")),
        npy(npy_of("(4294967296, 4294967296)")),
        npy(npy_of("(-1,)")),
        npy(npy_of("(10L,)"), bytes(10)),
        npy(npy_of("(1,)", "'|O'"), bytes(8)),
        npy(npy_of("(1,)", "'|V4'"), bytes(4)),
        npy(npy_of("(1,)", "[('a', '|u1')]"), bytes(1)),
        npy(npy_of("(2,)"), bytes(1)),
        npy(npy_of("(2,)"), bytes(3)),
        npy("{'descr': '|u1', 'shape': ("),
        npy("(" * 60_000),
        npy("'"),
        b"PK\x03\x04" + bytes(50),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff",
        b"\x80\x04.",
    ],
)
def test_an_invalid_array_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "array.npy"
    path.write_bytes(content)

    with pytest.raises(
        ArtifactError, match=r"array\.npy: expected a \.npy array, found: "
    ) as found:
        artifacts.read_array(path)

    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    "header",
    [
        {"dtype": "X9"},
        {"shape": [10**18]},
        {"shape": [2**33, 2**33]},
        {"data_offsets": [1, 0]},
        {"data_offsets": [0, 2**62]},
        {"data_offsets": [5, 6]},
    ],
)
def test_invalid_tensors_are_refused_in_one_sentence(
    tmp_path: Path, header: dict[str, object]
) -> None:
    one = {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}
    text = json.dumps({"a": one | header}).encode()
    path = tmp_path / "tensors"
    for content in (
        len(text).to_bytes(8, "little") + text + bytes(2),
        (1 << 40).to_bytes(8, "little") + text,
    ):
        path.write_bytes(content)
        with pytest.raises(ArtifactError, match="expected a safetensors file, found: ") as found:
            artifacts.read_tensors(path)

        assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (artifacts.read_array, npy(npy_of("(1024, 1073741824)"))),
        (artifacts.read_tensors, b"\x02" + bytes(7) + b"{}"),
    ],
    ids=["array", "tensors"],
)
def test_a_sparse_file_of_a_terabyte_is_refused(tmp_path: Path, read: Read, content: bytes) -> None:
    path = tmp_path / "artifact"
    path.write_bytes(content)
    os.truncate(path, len(content) + (1 << 40))

    with pytest.raises(ArtifactError, match=r"expected at most \d+ bytes, found more"):
        read(path)


def test_tensors_of_a_dtype_that_numpy_lacks_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "tensors"
    header = b'{"a": {"dtype": "F8_E4M3", "shape": [1], "data_offsets": [0, 1]}}'
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"0")

    with pytest.raises(ArtifactError, match="expected a safetensors file, found: "):
        artifacts.read_tensors(path)


@pytest.mark.parametrize("read", [artifacts.read_json, artifacts.read_table])
def test_a_folder_and_a_pipe_are_no_files(read: Read, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ArtifactError, match=r"folder: expected a file, found a folder; "):
        read(tmp_path / "folder")
    with pytest.raises(ArtifactError, match="pipe: expected a file, found a device or a"):
        read(tmp_path / "pipe")


def test_a_file_of_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "table.csv").open("wb") as file:
        file.truncate(1 << 33)

    with pytest.raises(ArtifactError, match="expected at most 67108864 bytes, found more"):
        artifacts.read_table(tmp_path / "table.csv")


def test_a_table_is_not_filled_up_and_no_column_is_renamed(tmp_path: Path) -> None:
    for text, found in (("a,b\n1\n", "1 of 2 cells at line 2"), ("a,a\n1,2\n", '"a" twice')):
        (tmp_path / "table.csv").write_text(text)
        with pytest.raises(ArtifactError, match=found):
            artifacts.read_table(tmp_path / "table.csv")
