"""Show text from records, parameters and programs in a terminal."""

from rich.text import Text

from stages.shared.text import printable


def plain(cell: str) -> Text:
    """Return a table cell in which rich finds no markup and the terminal no control character."""
    return Text(printable(cell))
