"""Format the table of differences for a terminal or in Markdown."""

import re
from collections.abc import Mapping, Sequence

from rich.table import Column, Table
from rich.text import Text

from pipelines.comparison.differences import Row
from pipelines.ui.terminal import plain
from stages.shared.text import printable

_SAME = Row("no difference", "", "")


def as_table(commits: Sequence[str], sections: Mapping[str, Sequence[Row]]) -> Table:
    """Return the table that rich prints, as wide as the terminal.

    Args:
        commits: the names of the two.
        sections: the rows of each, by its title.
    """
    # Folded, so that nothing is cut off.
    headers = map(plain, ("", *commits, "difference"))
    table = Table(*(Column(header=header, overflow="fold") for header in headers))
    for title, rows in sections.items():
        table.add_row(Text(title, style="bold"))
        for row in rows or [_SAME]:
            table.add_row(*map(plain, row))
        table.add_section()
    return table


def as_markdown(commits: Sequence[str], sections: Mapping[str, Sequence[Row]]) -> str:
    """Return the table in GitHub's Markdown; the arguments are those of ``as_table``."""
    lines = [["", *map(_escaped, commits), "difference"], ["---"] * 4]
    for title, rows in sections.items():
        lines.append([f"**{title}**", "", "", ""])
        lines += [list(map(_escaped, row)) for row in rows or [_SAME]]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _escaped(text: str) -> str:
    """Escape the characters that are markup in GitHub's Markdown, or that nobody would see."""
    return re.sub(r"([\\|<>*_`~$&\[\]])", r"\\\1", printable(" ".join(text.split())))
