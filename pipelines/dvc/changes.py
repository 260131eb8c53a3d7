"""Ask DVC how parameters and metrics differ between commits."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from pipelines.dvc.command import dvc
from pipelines.errors import PipelineError
from stages.results import files

PARAMS = "params.yaml"
METRICS = f"reports/{files.METRICS}"
_CHANGES = TypeAdapter(dict[str, dict[str, dict[str, Any]]])


def changes_of(
    folder: Path, kind: Literal["params", "metrics"], *commits: str
) -> dict[str, Mapping[str, Any]]:
    """Return what differs between two commits, or between one and the working copy; all metrics.

    Returns:
        ``old``, ``new`` and, for numbers, ``diff``, by name. Names from other files than ``PARAMS``
        and ``METRICS`` start with their path.

    Raises:
        PipelineError: DVC rejects a commit, or does not print its changes.
    """
    every = ["--all"] if kind == "metrics" else []
    printed = dvc(folder, kind, "diff", *every, "--json", *commits)
    try:
        # DVC prints infinite numbers, which are not JSON, as Python does.
        found = _CHANGES.validate_python(json.loads(printed))
    except ValueError:
        raise PipelineError(
            f"expected `dvc {kind} diff --json` to print changes, found: {printed[:200]!r}; run it "
            "to see the reason."
        ) from None
    return {
        name if path in {PARAMS, METRICS} else f"{path}: {name}": change
        for path, changes in found.items()
        for name, change in changes.items()
    }
