import pytest

from stages.shared.formats import FormatError
from stages.shared.tables import Line, parse_table


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_is_its_header_and_its_lines(end: str) -> None:
    text = end.join(["a,b", "1,", '"x, ""y""","2', '3"', ""])
    assert parse_table(text.encode()) == (
        ("a", "b"),
        [Line(2, ("1", "")), Line(4, ('x, "y"', f"2{end}3"))],
    )
    assert parse_table(b"a,b") == (("a", "b"), [])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "no header"),
        (b"\na\n", "no header"),
        (b"a,a\n", 'the column "a" twice'),
        (b"a,b\n1\n", "1 of 2 cells at line 2"),
        (b"a,b\n1,2\n1,2,3\n", "3 of 2 cells at line 3"),
        (b"a,b\n1,2\n\n", "0 of 2 cells at line 3"),
        (b'a\n"1\n', "a mistake at line 2"),
        (b'a\n"1"2\n', "a mistake at line 2"),
        (b"a\n" + b"1" * 200_000, "a mistake at line 2"),
        (b",\n", 'the column "" twice'),
        (b"a,b\n" + b"1," * 600_000, "more than 1048576 characters at line 2"),
        (b"a\n" + b"1\n" * ((1 << 20) + 1), "more than 1048576 rows of 1 cells"),
        (b"a\n\x00\n", "a zero byte at offset 2"),
        (b"a\n\xff\n", "a byte that is not UTF-8 at offset 2"),
        (b"\xef\xbb\xbfa\n", "a byte order mark"),
    ],
)
def test_what_is_no_table_is_a_clause(content: bytes, found: str) -> None:
    with pytest.raises(FormatError) as refused:
        parse_table(content)

    assert str(refused.value).startswith(f"expected a CSV file, found {found}")
