"""Set up Jinja for the templates of the pages."""

from pathlib import Path

import jinja2


def environment(folder: Path) -> jinja2.Environment:
    """Return a Jinja environment for a folder: text is escaped, and an undefined name is an error.

    Filters: ``percent(share, digits=2)``, where a share may be None, and ``counted(number, noun)``
    with the noun's plural.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"percent": _percent, "counted": _counted}
    return environment


def _percent(share: float | None, digits: int = 2) -> str:
    if share is None:
        return "not measured"
    # The space is non-breaking, so that a number and its unit stay on one line.
    return f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"


def _counted(number: int, noun: str) -> str:
    return f"{number:,}\N{NO-BREAK SPACE}{noun}{'' if number == 1 else 's'}"
