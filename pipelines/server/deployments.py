"""What ``prefect.yaml`` deploys."""

from pathlib import Path
from typing import NamedTuple

from ruamel.yaml import YAML


class Deployment(NamedTuple):
    """What must be so for its runs to run."""

    name: str
    entrypoint: str
    work_pool: str


def read_deployments(path: Path) -> list[Deployment]:
    """Read what a ``prefect.yaml`` deploys."""
    entries = YAML(typ="safe", pure=True).load(path)["deployments"]
    return [
        Deployment(entry["name"], entry["entrypoint"], entry["work_pool"]["name"])
        for entry in entries
    ]
