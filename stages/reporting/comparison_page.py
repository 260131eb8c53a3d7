"""Render the page that shows which errors are new, fixed and changed between two commits."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from stages.reporting.cards import image_address
from stages.reporting.comparison import Comparison, summary
from stages.shared.artifacts import Array
from stages.shared.blocks import extremes
from stages.shared.templates import environment

TEMPLATE = "comparison_page.html.jinja"


def render(
    comparison: Comparison,
    commits: Sequence[str],
    errors: Sequence[int],
    images: Array,
    classes: Sequence[str],
    title: str,
) -> str:
    """Render the page; the same arguments give the same page.

    Args:
        comparison: of the errors.
        commits: the names of the two commits.
        errors: the number of errors of each.
        images: ``(n, height, width)`` or ``(n, height, width, 3)`` of any real dtype, the test
            images.
        classes: the name of each class.
        title: of the data set.
    """
    pixels = extremes(images)

    def cards(table: pd.DataFrame) -> list[dict[str, Any]]:
        return [
            {
                "index": index,
                "image": image_address(images[index], pixels),
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
            summary=summary(comparison),
        )
    )
