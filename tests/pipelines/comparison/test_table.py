import io

from rich.console import Console

from pipelines.comparison.differences import Row
from pipelines.comparison.table import as_markdown, as_table

COMMITS = ["main~1 (1234567)", "main (89abcde)"]
SECTIONS = {
    "Parameters": [Row("recipe", "fast", "[bold]a|b[/bold]")],
    "Metrics": [],
    "Errors": [Row("new", "right", "wrong", "3")],
}


def printed(width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    with console.capture() as capture:
        console.print(as_table(COMMITS, SECTIONS))
    return capture.get()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")]


def test_terminal_table_has_every_section() -> None:
    rows = [cells(line) for line in printed(100).splitlines() if line[0] in "│┃"]

    assert rows == [
        ["", *COMMITS, "difference"],
        ["Parameters", "", "", ""],
        ["recipe", "fast", "[bold]a|b[/bold]", ""],
        ["Metrics", "", "", ""],
        ["no difference", "", "", ""],
        ["Errors", "", "", ""],
        ["new", "right", "wrong", "3"],
    ]


def test_narrow_terminal_folds_text_without_cutting_it_off() -> None:
    lines = printed(40).splitlines()

    assert {len(line) for line in lines} <= set(range(41))
    columns = zip(*(cells(line) for line in lines if line[0] in "│┃"), strict=True)
    assert "[bold]a|b[/bold]" in ["".join(column) for column in columns][2]


def test_markdown_has_the_same_rows_with_markup_escaped() -> None:
    assert as_markdown(COMMITS, SECTIONS).splitlines() == [
        r"|  | main\~1 (1234567) | main (89abcde) | difference |",
        "| --- | --- | --- | --- |",
        "| **Parameters** |  |  |  |",
        r"| recipe | fast | \[bold\]a\|b\[/bold\] |  |",
        "| **Metrics** |  |  |  |",
        "| no difference |  |  |  |",
        "| **Errors** |  |  |  |",
        "| new | right | wrong | 3 |",
    ]


def test_a_value_of_several_lines_stays_in_its_cell() -> None:
    text = as_markdown(COMMITS, {"Parameters": [Row("notes", "one\ntwo", "<b>")]})

    assert r"| notes | one two | \<b\> |  |" in text.splitlines()


def test_no_control_character_or_bidirectional_mark_of_a_record_is_printed() -> None:
    row = Row("\x1b[2Jname", "a\u202eb", "c\x9b1m", "d\ne")
    console = Console(file=io.StringIO(), width=100)
    with console.capture() as capture:
        console.print(as_table(COMMITS, {"Provenance": [row]}))

    assert cells(capture.get().splitlines()[-2]) == [
        *(r"\x1b[2Jname", r"a\u202eb", r"c\x9b1m", r"d\ne")
    ]
    assert as_markdown(COMMITS, {"Provenance": [row]}).splitlines()[-1] == (
        r"| \\x1b\[2Jname | a\\u202eb | c\\x9b1m | d e |"
    )


def test_no_html_and_no_entity_reaches_a_markdown_table() -> None:
    row = Row("<img src=x>", "&#x202e;", "$x$", "![a](b)")

    assert as_markdown(COMMITS, {"Errors": [row]}).splitlines()[-1] == (
        r"| \<img src=x\> | \&#x202e; | \$x\$ | !\[a\](b) |"
    )
