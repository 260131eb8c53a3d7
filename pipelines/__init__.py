"""Run the stages of ``dvc.yaml`` through Prefect flows and command-line commands."""

import os
from pathlib import Path

PROJECT = Path(__file__).parents[1]
"""The folder of this project's own code; DVC and Git may work on another commit of it."""
PROVENANCE = "models/provenance.json"
"""Records when and where a run trained; it does not affect what the run produces."""


def _keep_loopback_from_proxies() -> None:
    """Have HTTP clients of this process and of those that it starts ask no proxy for loopback."""
    for variable in ("NO_PROXY", "no_proxy"):
        names = [name for name in os.environ.get(variable, "").split(",") if name]
        missing = [name for name in ("127.0.0.1", "localhost", "::1") if name not in names]
        os.environ[variable] = ",".join([*names, *missing])


_keep_loopback_from_proxies()
