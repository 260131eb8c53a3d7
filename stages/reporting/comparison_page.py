"""The page that shows which errors are new, fixed and changed between two commits."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from stages.artifacts import Array
from stages.reporting.cards import png_address
from stages.reporting.comparison import Comparison
from stages.templates import environment

TEMPLATE = "comparison_page.html.jinja"
# Of McNemar's test: what is less probable by chance is called a difference.
SIGNIFICANT = 0.05


def render(
    comparison: Comparison,
    commits: Sequence[str],
    errors: Sequence[int],
    images: Array,
    classes: Sequence[str],
    title: str,
) -> str:
    """Write the page; the same arguments give the same page.

    Args:
        comparison: of the errors.
        commits: what the two are called.
        errors: how many each has.
        images: ``(n, height, width)`` of any real dtype, the test images.
        classes: the name of each class.
        title: the data set's.
    """

    def cards(table: pd.DataFrame) -> list[dict[str, Any]]:
        return [
            {
                "index": index,
                "image": png_address(images[index]),
                "label": classes[label],
                "before": classes[before],
                "after": classes[after],
            }
            for index, label, before, after in table.to_numpy().tolist()
        ]

    return (
        environment(Path(__file__).parent)
        .get_template(TEMPLATE)
        .render(
            title=title,
            commits=[
                {"name": name, "errors": count} for name, count in zip(commits, errors, strict=True)
            ],
            new=cards(comparison.new),
            fixed=cards(comparison.fixed),
            changed=cards(comparison.changed),
            unchanged=comparison.unchanged,
            verdict=verdict(comparison),
        )
    )


def verdict(comparison: Comparison) -> str:
    """Say whether the difference means anything."""
    new, fixed = len(comparison.new), len(comparison.fixed)
    tested = f"McNemar's test: p = {comparison.p_value:.2g}"
    if comparison.p_value >= SIGNIFICANT:
        return f"{new} new and {fixed} fixed errors may well be chance ({tested})."
    better = "better" if fixed > new else "worse"
    return (
        f"The later one is {better}: {new} new and {fixed} fixed errors are no chance ({tested})."
    )
