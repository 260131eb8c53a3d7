"""Report the progress of a stage, to people and to the program that started it."""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tqdm import tqdm

VARIABLE = "PROGRESS_FILE"
"""The environment variable that names the file which receives the progress as lines of JSON."""


def report(unit: str, done: int, total: int, values: Mapping[str, float]) -> None:
    """Print a line to standard error, above the progress bar if there is one.

    If ``PROGRESS_FILE`` is set, first append ``{"done", "total", "unit", "values"}`` to that file.

    Args:
        unit: what is counted, such as ``epoch``.
        done: how many are done.
        total: how many there are.
        values: figures of the latest one, by name.
    """
    if path := os.environ.get(VARIABLE):
        line = json.dumps({"done": done, "total": total, "unit": unit, "values": dict(values)})
        # Continue if the progress cannot be written.
        with suppress(OSError), Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
    figures = ", ".join(f"{name} {value:.4f}" for name, value in values.items())
    tqdm.write(f"{unit} {done}/{total}: {figures}", file=sys.stderr)
