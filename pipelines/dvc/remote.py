"""Read and write single objects of DVC's default remote.

DVC's own ``push`` and ``pull`` exit with 0 when an object is missing or damaged.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from pydantic import BaseModel

from pipelines.dvc.command import dvc
from pipelines.errors import DamagedError
from pipelines.system.helper import ask_for

State = Literal["intact", "damaged", "absent"]


class RemoteObjects(BaseModel):
    """The requested objects that the remote lacks or has damaged."""

    missing: list[str]
    damaged: list[str] = []


def push(folder: Path, targets: Sequence[str], names: Sequence[str]) -> None:
    """Push outputs to the remote, and check that it has their objects.

    Raises:
        DamagedError: the remote lacks an object.
        PipelineError: there is no remote, or it refuses.
    """
    if not targets:
        return
    dvc(folder, "push", "--", *targets)
    check_pushed(folder, names)


def check_pushed(folder: Path, names: Sequence[str]) -> None:
    """Check that the remote has objects; raise ``DamagedError`` if it lacks one."""
    names = list(dict.fromkeys(names))
    if missing := _ask(folder, names).missing:
        raise DamagedError(
            f"expected DVC's remote to have all pushed objects, found {len(missing)} of "
            f"{len(names)} missing, the first {missing[0]}; check the remote."
        )


def reach(folder: Path) -> None:
    """Check that there is a remote and that it responds; raise ``PipelineError`` if not."""
    _ask(folder, [])


def states(folder: Path, names: Sequence[str]) -> dict[str, State]:
    """Read and rehash objects in the remote, and return the state of each.

    Raises:
        PipelineError: there is no remote, or it does not respond.
    """
    answer = _ask(folder, names, "--rehash")
    found: dict[str, State] = dict.fromkeys(names, "intact")
    found |= dict.fromkeys(answer.missing, "absent")
    return found | dict.fromkeys(answer.damaged, "damaged")


def replace(folder: Path, names: Sequence[str], cache: Path) -> None:
    """Move damaged objects in the remote aside, and upload intact ones of a cache.

    Raises:
        DamagedError: an object in the remote differs from what was uploaded.
        PipelineError: there is no remote, or it refuses.
    """
    if damaged := _ask(folder, names, "--replace-from", str(cache), "--rehash").damaged:
        raise DamagedError(
            f"expected DVC's remote to have {damaged[0]} as it was uploaded again, found "
            "other content; check the remote."
        )


def fetch(folder: Path, names: Sequence[str], into: Path, limit: int | None = None) -> None:
    """Download objects into a folder under their own names, and skip those that the remote lacks.

    Args:
        folder: of the repository.
        names: of the objects.
        into: an existing folder.
        limit: maximum number of bytes of all objects together; nothing larger is downloaded.

    Raises:
        PipelineError: there is no remote, it does not respond, an object is not a regular file, or
            the objects exceed the limit.
    """
    _ask(folder, names, "--into", str(into), *([] if limit is None else ["--limit", str(limit)]))


def _ask(folder: Path, names: Sequence[str], *options: str) -> RemoteObjects:
    """Run the helper process, which imports DVC."""
    with TemporaryDirectory() as temporary:
        # A file of names, because a folder may have more files than fit on a command line.
        listed = Path(temporary, "names.json")
        listed.write_text(json.dumps(list(dict.fromkeys(names))))
        return ask_for(
            RemoteObjects, "pipelines.dvc.processes.remote", str(folder), str(listed), *options
        )
