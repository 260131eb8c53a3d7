"""Save measured figures with the circumstances of the measurement."""

import datetime as dt
import importlib.metadata
import os
import platform
import sys
from pathlib import Path
from typing import Any

from stages.shared import artifacts
from stages.training.hardware import hardware

RESULTS = Path(__file__).parent / "results"
_LIBRARIES = ("tensorflow", "numpy", "dvc")


def record(name: str, figures: dict[str, Any]) -> None:
    """Write ``results/NAME.json``: figures, command, date, machine and versions."""
    circumstances = {
        "command": " ".join(["python -m", f"benchmarks.{name}", *sys.argv[1:]]),
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "cpu": hardware()["cpu"],
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{library: importlib.metadata.version(library) for library in _LIBRARIES},
    }
    artifacts.write_json(RESULTS / f"{name}.json", {**figures, **circumstances})
