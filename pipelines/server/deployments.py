"""Read the deployments in ``prefect.yaml``."""

from pathlib import Path
from typing import NamedTuple

from ruamel.yaml import YAML


class Deployment(NamedTuple):
    """The parts of a deployment that its runs depend on."""

    name: str
    entrypoint: str
    work_pool: str


def read_deployments(path: Path) -> list[Deployment]:
    """Return the deployments in a ``prefect.yaml``."""
    entries = YAML(typ="safe", pure=True).load(path)["deployments"]
    return [
        Deployment(entry["name"], entry["entrypoint"], entry["work_pool"]["name"])
        for entry in entries
    ]
