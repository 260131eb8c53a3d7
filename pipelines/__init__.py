"""Run the stages of ``dvc.yaml`` through Prefect flows and command-line commands."""

import os
from pathlib import Path

PROJECT = Path(__file__).parents[1]
"""The folder of this project's own code; DVC and Git may work on another commit of it."""
PROVENANCE = "models/provenance.json"
"""Records when and where a run trained; it does not affect what the run produces."""


def _keep_loopback_from_proxies() -> None:
    """Have HTTP clients of this process and of those that it starts ask no proxy for loopback."""
    given = {name: os.environ.get(name, "") for name in ("no_proxy", "NO_PROXY")}
    # Programs prefer the name in lower case, so it must not hide the hosts of the other one.
    hosts = given["no_proxy"] or given["NO_PROXY"]
    os.environ.update({name: _with_loopback(value or hosts) for name, value in given.items()})


def _with_loopback(hosts: str) -> str:
    names = [name.strip() for name in hosts.split(",") if name.strip()]
    # A star means every host, but only if it is alone.
    missing = () if names == ["*"] else ("127.0.0.1", "localhost", "::1")
    return ",".join(dict.fromkeys([*names, *missing]))


_keep_loopback_from_proxies()
