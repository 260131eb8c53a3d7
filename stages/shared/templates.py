"""Set up Jinja for the templates of the pages."""

from pathlib import Path
from typing import Any

import jinja2

from stages.shared.text import printable


def environment(folder: Path) -> jinja2.Environment:
    """Return a Jinja environment for a folder.

    Text is escaped, its invisible characters too, and an undefined name is an error.

    Filters: ``percent(share, digits=2)``, where a share may be None, and ``counted(number, noun)``
    with the noun's plural.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        finalize=_visible,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"percent": _percent, "counted": _counted}
    return environment


def _visible(value: Any) -> Any:
    """Return what a template shows of a value; markup, such as a chart, stays as it is."""
    return printable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _percent(share: float | None, digits: int = 2) -> str:
    if share is None:
        return "not measured"
    # The space is non-breaking, so that a number and its unit stay on one line.
    return f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"


def _counted(number: int, noun: str) -> str:
    return f"{number:,}\N{NO-BREAK SPACE}{noun}{'' if number == 1 else 's'}"
