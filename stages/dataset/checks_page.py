"""Render a page with the results of the data checks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stages.shared.templates import environment

TEMPLATE = "checks_page.html.jinja"
HEADINGS = {"train": "Training set", "test": "Test set"}


def render(title: str, outcome: Mapping[str, Any]) -> str:
    """Render the results of all expectations as one HTML page that needs no other file.

    Args:
        title: of the data set.
        outcome: as ``expectations.check_all`` returns it.

    Returns:
        The page; the same outcome gives the same page.
    """
    expectations = outcome["expectations"]
    failed = len(outcome["failed"])
    template = environment(Path(__file__).parent).get_template(TEMPLATE)
    return template.render(
        title=title,
        success=outcome["success"],
        result=f"{failed} of {len(expectations)} expectations failed"
        if failed
        else f"All {len(expectations)} expectations met",
        sets=[_set(name, expectations) for name in HEADINGS],
    )


def _set(name: str, expectations: list[dict[str, Any]]) -> dict[str, Any]:
    of_set = [item for item in expectations if item["set"] == name]
    return {
        "name": name,
        "heading": HEADINGS[name],
        "expectations": of_set,
        "met": sum(item["success"] for item in of_set),
    }
