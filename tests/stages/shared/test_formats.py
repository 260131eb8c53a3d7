import os
import subprocess
import sys
from pathlib import Path

import pytest

from stages.shared.formats import (
    FormatError,
    parse_json,
    parse_text,
    parse_yaml,
    read_file,
    read_yaml,
)

DEEP = b"[" * 100_000
# 10 aliases of 10 aliases of ...: some 300 bytes that stand for 10**9 values.
BOMB = b"a0: &a0 [x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (number, number, b", ".join([b"*a%d" % (number - 1)] * 10))
    for number in range(1, 10)
)
# The same with mappings that each merge ten copies of the one before.
MERGES = b"a0: &a0 {k: v}\n" + b"".join(
    b"a%d: &a%d {<<: [%s]}\n" % (number, number, b", ".join([b"*a%d" % (number - 1)] * 10))
    for number in range(1, 10)
)


def test_json_is_read_as_it_stands() -> None:
    assert parse_json('{"a": [1, 2.5, -0.0, true, null, "\u00e9"]}'.encode()) == {
        "a": [1, 2.5, 0, True, None, "\u00e9"]
    }
    assert parse_json(b"[" * 64 + b"]" * 64)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "a mistake at line 1, column 1"),
        (b"{", "a mistake at line 1, column 2"),
        (b"1 2", "a mistake at line 1, column 3"),
        (b"1e999", "the number 1e999, which is not finite"),
        (b"[-1e999]", "the number -1e999, which is not finite"),
        (b"NaN", "the number NaN, which JSON does not allow"),
        (b"-Infinity", "the number -Infinity, which JSON does not allow"),
        (b'{"a": 1, "a": 1}', 'the key "a" twice'),
        (b'[{"a": 1, "\\u0061": 1}]', 'the key "a" twice'),
        (b"[" + b"[]," * (1 << 21), "more than 262144 values"),
        (DEEP, "values nested more than 64 deep"),
        (b'{"a":' * 100_000, "values nested more than 64 deep"),
        (b"[" * 65 + b"]" * 65, "values nested more than 64 deep"),
        (b"9" * 5000, "a whole number of thousands of digits"),
        (b"\xef\xbb\xbf1", "a byte order mark"),
        (b'"\xe9"', "a byte that is not UTF-8 at offset 1"),
        (b"\xff\xfe1\x00", "a byte that is not UTF-8 at offset 0"),
        (b'"\x00"', "a zero byte at offset 1"),
        (b'"\\ud800"', 'the text "\\ud800", which is not Unicode'),
        (b'{"\\ud800": 1}', 'the text "\\ud800", which is not Unicode'),
    ],
)
def test_what_is_no_json_is_a_clause(content: bytes, found: str) -> None:
    with pytest.raises(FormatError) as refused:
        parse_json(content)

    assert str(refused.value).startswith(f"expected a JSON file, found {found}")
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"", None),
        (b"a: 1e-3", {"a": 0.001}),
        (b"a: yes", {"a": "yes"}),
        (b"5: 0.9", {"5": 0.9}),
        (b"x: &a {b: 1}\ny: *a\nz: {<<: *a}", {"x": {"b": 1}, "y": {"b": 1}, "z": {"b": 1}}),
        (b"a: .inf", {"a": float("inf")}),
        (b"a: {url: 'http://host:80'}", {"a": {"url": "http://host:80"}}),
    ],
)
def test_yaml_is_read_as_dvc_does(content: bytes, value: object) -> None:
    assert parse_yaml(content) == value


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a: 1\na: 2", 'the key "a" twice, at line 2'),
        (b'1: a\n"1": b', 'the key "1" twice'),
        (b"recipes: 1\na: 2\nrecipes: 3\n", 'the key "recipes" twice, at line 3'),
        (b"<<<<<<< ours\na: 1\n=======\n", "a mistake ("),
        (b"a: {url: http://host}", "a mistake (while scanning a plain scalar"),
        (b"a: 2020-99-99", "a mistake ("),
        (b"a: 2020-01-01", "the date 2020-01-01, which must be in quotes"),
        (b"a: !!bool x", "a mistake ("),
        (b"!!python/object:os.system x", "a mistake ("),
        (b"!!set {a}", "a value of the type set"),
        (b"? [a]\n: b", "the key"),
        (b"true: 1", 'the key "True", which is not text'),
        (b"&a [*a]", "values nested more than 64 deep"),
        (DEEP, "values nested more than 64 deep"),
        (b"{a: " * 100_000, "values nested more than 64 deep"),
        (b"a: 0x" + b"f" * 5000, "a whole number of thousands of digits"),
        (b"&a {<<: *a}", "values nested more than 64 deep"),
        (BOMB, "more than 262144 values"),
        (MERGES, "more than 262144 values"),
        (b"[" + b"a," * (1 << 18) + b"]", "more than 262144 values"),
        (b"a\x1b[2J: \x1b", "a mistake ("),
        (b"a: " + b"9" * 5000, "a mistake ("),
        (b"a: 1\n---\na: 2", "a mistake ("),
        (b"\xef\xbb\xbfa: 1", "a byte order mark"),
        (b"a: \xe9", "a byte that is not UTF-8 at offset 3"),
    ],
)
def test_what_is_no_yaml_is_a_clause(content: bytes, found: str) -> None:
    with pytest.raises(FormatError) as refused:
        parse_yaml(content)

    assert str(refused.value).startswith(f"expected a YAML file, found {found}")
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


def test_a_yaml_file_of_megabytes_is_refused_unparsed() -> None:
    with pytest.raises(FormatError, match=r"^expected a YAML file of at most 1048576 bytes, found"):
        parse_yaml(b"a: b\n" * 3_000_000)


def test_an_error_shows_no_password_and_no_escape_sequence() -> None:
    with pytest.raises(FormatError) as refused:
        parse_yaml(b'url: "https://ann:secret@host/a?token=secret\\e[2J"\nurl: 1')

    assert "secret" not in str(refused.value)
    assert "\x1b" not in str(refused.value)


PARSE = """
import resource, sys
from stages.shared import formats, tables
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
try:
    module = tables if sys.argv[1] == "parse_table" else formats
    getattr(module, sys.argv[1])(sys.stdin.buffer.read())
except formats.FormatError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("parse", "content"),
    [
        ("parse_yaml", BOMB),
        ("parse_yaml", MERGES),
        ("parse_yaml", b"x" * 10_000_000),
        ("parse_yaml", b"".join(b"k%d: x\n" % number for number in range(90_000))),
        ("parse_yaml", b"- |\n" * (1 << 18)),
        ("parse_yaml", b"[a:b" + b",a" * 16_000 + b"]"),
        ("parse_yaml", b"[a:b]\n" + MERGES),
        ("parse_yaml", b"?\n" * (1 << 17)),
        ("parse_json", b"[" + b"{}," * (1 << 22)),
        ("parse_table", b"a\n" * (1 << 23)),
        ("parse_table", b"ab," * (1 << 23)),
    ],
    ids=lambda value: value if isinstance(value, str) else str(len(value)),
)
def test_any_content_is_parsed_in_seconds_within_a_gigabyte(parse: str, content: bytes) -> None:
    command = [sys.executable, "-c", PARSE, parse]

    done = subprocess.run(command, input=content, capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")


def test_a_text_is_utf_8() -> None:
    assert parse_text("\u00e9".encode()) == "\u00e9"
    with pytest.raises(FormatError, match="expected a text file, found a byte that is not UTF-8"):
        parse_text(b"\xe9")


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")

    assert read_file(tmp_path / "file", 5) == b"12345"
    with pytest.raises(FormatError, match=r"^expected at most 4 bytes, found more$"):
        read_file(tmp_path / "file", 4)


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(FormatError, match=r"^expected a file, found a folder$"):
        read_file(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "none")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(FormatError, match=r"^expected a file, found a device or a pipe"):
            read_file(path)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a folder", "expected a file, found a folder"),
        ("none", "expected a YAML file, found no such file"),
    ],
)
def test_a_yaml_file_that_cannot_be_read_is_a_clause(tmp_path: Path, name: str, found: str) -> None:
    (tmp_path / "a folder").mkdir()
    with pytest.raises(FormatError) as refused:
        read_yaml(tmp_path / name)
    assert str(refused.value) == found
