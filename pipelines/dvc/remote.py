"""DVC's default remote, object by object.

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

State = Literal["sound", "damaged", "absent"]


class RemoteObjects(BaseModel):
    """What the remote lacks, or has damaged, of the objects asked about."""

    missing: list[str]
    damaged: list[str] = []


def push(folder: Path, targets: Sequence[str], names: Sequence[str]) -> None:
    """Push outputs to the remote, and see that it has their objects.

    Raises:
        DamagedError: it lacks one of them.
        PipelineError: there is no remote, or it refuses.
    """
    if not targets:
        return
    dvc(folder, "push", "--", *targets)
    check_pushed(folder, names)


def check_pushed(folder: Path, names: Sequence[str]) -> None:
    """See that the remote has objects; ``DamagedError`` if it lacks one of them."""
    names = list(dict.fromkeys(names))
    if missing := _ask(folder, names).missing:
        raise DamagedError(
            f"expected DVC's remote to have all that was pushed to it, found {len(missing)} of "
            f"{len(names)} objects missing, the first {missing[0]}; look at the remote."
        )


def reach(folder: Path) -> None:
    """See that there is a remote and that it answers; ``PipelineError`` if not."""
    _ask(folder, [])


def is_set(folder: Path) -> bool:
    """Whether DVC has a default remote."""
    return "core.remote=" in dvc(folder, "config", "--list")


def states(folder: Path, names: Sequence[str]) -> dict[str, State]:
    """Rehash objects where they are, as they are read.

    Raises:
        PipelineError: there is no remote, or it does not answer.
    """
    answer = _ask(folder, names, "--rehash")
    found: dict[str, State] = dict.fromkeys(names, "sound")
    found |= dict.fromkeys(answer.missing, "absent")
    return found | dict.fromkeys(answer.damaged, "damaged")


def replace(folder: Path, names: Sequence[str], cache: Path) -> None:
    """Move damaged objects aside, and send them again from a cache, which has them sound.

    Raises:
        DamagedError: what was sent has not come there as it is here.
        PipelineError: there is no remote, or it refuses.
    """
    if damaged := _ask(folder, names, "--replace-from", str(cache), "--rehash").damaged:
        raise DamagedError(
            f"expected DVC's remote to have {damaged[0]} as it was sent again, found other "
            "content there; look at the remote."
        )


def fetch(folder: Path, names: Sequence[str], into: Path) -> None:
    """Download objects into a folder, as files of their names; what the remote lacks is left out.

    Raises:
        PipelineError: there is no remote, or it does not answer.
    """
    _ask(folder, names, "--into", str(into))


def _ask(folder: Path, names: Sequence[str], *options: str) -> RemoteObjects:
    """Ask the helper process that has DVC."""
    with TemporaryDirectory() as temporary:
        # A folder may have more files than a command line can name.
        listed = Path(temporary, "names.json")
        listed.write_text(json.dumps(list(dict.fromkeys(names))))
        return ask_for(
            RemoteObjects, "pipelines.dvc.processes.remote", str(folder), str(listed), *options
        )
