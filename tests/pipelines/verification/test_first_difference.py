from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from pipelines.verification.first_difference import first_difference

Compare = Callable[[str, str | bytes, str | bytes], str]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """Find the first difference of two files of this name and these contents."""

    def compare(name: str, before: str | bytes, after: str | bytes) -> str:
        paths = [tmp_path / side / name for side in ("before", "after")]
        for path, content in zip(paths, (before, after), strict=True):
            path.parent.mkdir()
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return first_difference(*paths)

    return compare


@pytest.mark.parametrize(
    ("name", "before", "after", "expected"),
    [
        (
            "a.json",
            '{"test": {"loss": 0.5, "errors": [1, 2]}}',
            '{"test": {"loss": 0.5, "errors": [1, 3]}}',
            "test.errors.1: recorded 2, here 3",
        ),
        ("a.json", '{"a": "x"}', "{}", 'a: recorded "x", here nothing'),
        ("a.json", "{}", '{"a": null}', "the whole: recorded {}, here nothing"),
        ("a.json", '{"a": 1}', '{"a":  1}', 'line 1: recorded {"a": 1}, here {"a":  1}'),
        ("a.json", '{"a": 1', '{"a": 2', "byte 6: recorded 0x31, here 0x32"),
        ("a.csv", "x,y\n1,2\n3,4\n", "x,y\n1,2\n3,5\n", "line 3, y: recorded 4, here 5"),
        ("a.csv", "x,y\n1,2\n", "x,y\n", "line 2: recorded 1,2, here nothing"),
        ("a.csv", "x\n1\n", "x,y\n1,2\n", "line 1, 2: recorded nothing, here y"),
        ("a.txt", "one\ntwo\n", "one\nten\n", "line 2: recorded two, here ten"),
        ("a.txt", "one\n", "one", "byte 3: recorded 0x0a, here the end"),
        ("a.png", b"\xff\x00\x01", b"\xff\x00\x02", "byte 2: recorded 0x01, here 0x02"),
        ("a.npy", b"no array", b"no arrow", "byte 6: recorded 0x61, here 0x6f"),
    ],
)
def test_first_difference_is_described_in_terms_of_the_format(
    name: str, before: str | bytes, after: str | bytes, expected: str, compare: Compare
) -> None:
    # The formats fall back on lines and bytes.
    assert compare(name, before, after) == expected


@pytest.mark.parametrize(
    ("name", "before", "after", "expected"),
    [
        ("a.json", b"[" * 100_000, b"[" * 99_999, "byte 99999: recorded 0x5b, here the end"),
        ("a.json", b'{"a": 1, "a": 1}', b'{"a": 1, "a": 2}', "byte 14: recorded 0x31, here 0x32"),
        ("a.csv", b"a\n\x00", b"a\n\x01", "byte 2: recorded 0x00, here 0x01"),
        ("a.csv", b"a\n" + b"1" * 200_000, b"a\n1", "byte 3: recorded 0x31, here the end"),
        ("a.csv", b"a,a\n1,2", b"a,a\n1,3", "byte 6: recorded 0x32, here 0x33"),
        ("a.npy", b"PK\x03\x04a", b"PK\x03\x04b", "byte 4: recorded 0x61, here 0x62"),
        ("a.npy", b"\x93NUMPY\x01\x00\xff\xff{", b"", "byte 0: recorded 0x93, here the end"),
        ("a.safetensors", b"\xff" * 9, b"\xff" * 8, "byte 8: recorded 0xff, here the end"),
        ("a.txt", bytes(1 << 21) + b"\xffa", bytes(1 << 21) + b"\xffb", "byte 2097153: recorded"),
    ],
)
def test_content_that_does_not_match_its_suffix_is_compared_by_bytes(
    name: str, before: bytes, after: bytes, expected: str, compare: Compare
) -> None:
    assert compare(name, before, after).startswith(expected)


def test_only_the_surroundings_of_a_difference_in_a_long_line_are_quoted(compare: Compare) -> None:
    output = compare("page.html", "x" * 500 + "a" + "y" * 500, "x" * 500 + "b" + "y" * 500)

    assert output == (f"line 1: recorded …{'x' * 40}a{'y' * 39}…, here …{'x' * 40}b{'y' * 39}…")


def test_first_different_tensor_and_element_are_reported(tmp_path: Path) -> None:
    kernel = np.zeros((2, 3), np.float32)
    other = kernel.copy()
    other[1, 0], other[1, 2] = 0.5, 7
    save_file({"b": kernel, "a": kernel}, tmp_path / "before.safetensors")
    save_file({"b": other, "a": kernel}, tmp_path / "after.safetensors")

    output = first_difference(tmp_path / "before.safetensors", tmp_path / "after.safetensors")

    assert output == "b[1, 0]: recorded 0.0, here 0.5"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (np.zeros(2, np.int32), np.zeros(2, np.int64), "array: recorded int32 [2], here int64 [2]"),
        (np.zeros(2), np.zeros((1, 2)), "array: recorded float64 [2], here float64 [1, 2]"),
        (np.array([np.nan, 0.0]), np.array([np.nan, -0.0]), "[1]: recorded 0.0, here -0.0"),
        (np.array([np.nan, 1.0]), np.array([np.nan, 2.0]), "[1]: recorded 1.0, here 2.0"),
    ],
)
def test_arrays_are_compared_by_type_shape_and_bits(
    before: np.ndarray, after: np.ndarray, expected: str, tmp_path: Path
) -> None:
    np.save(tmp_path / "before.npy", before)
    np.save(tmp_path / "after.npy", after)

    assert first_difference(tmp_path / "before.npy", tmp_path / "after.npy") == expected


def test_array_of_objects_is_compared_by_bytes_without_loading_it(tmp_path: Path) -> None:
    for name, value in (("before", "a"), ("after", "b")):
        np.save(tmp_path / f"{name}.npy", np.array([value], dtype=object), allow_pickle=True)

    output = first_difference(tmp_path / "before.npy", tmp_path / "after.npy")

    assert output.startswith("byte ")


def test_first_different_file_of_a_folder_is_reported(tmp_path: Path) -> None:
    for side, last in (("before", "1"), ("after", "2")):
        (tmp_path / side / "inner").mkdir(parents=True)
        (tmp_path / side / "a.txt").write_text("same")
        (tmp_path / side / "inner" / "b.json").write_text(f'{{"c": {last}}}')
    assert first_difference(tmp_path / "before", tmp_path / "after") == (
        "inner/b.json: c: recorded 1, here 2"
    )

    (tmp_path / "after" / "0").touch()
    assert first_difference(tmp_path / "before", tmp_path / "after") == (
        "0: made here, not recorded"
    )

    (tmp_path / "before" / "0").touch()
    (tmp_path / "after" / "a.txt").unlink()
    assert first_difference(tmp_path / "before", tmp_path / "after") == (
        "a.txt: recorded, not made here"
    )
    assert first_difference(tmp_path / "before", tmp_path / "before" / "a.txt") == (
        "one is a file, the other a folder"
    )
