"""DVC's default remote, object by object: what it has, and the bytes as it has them.

DVC's own ``push`` and ``pull`` end well with an object missing or damaged.
``python -m pipelines.storage.remote FOLDER NAMES`` asks DVC, in a process of its own.
"""

import hashlib
import json
import logging
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

import typer
from pydantic import BaseModel

from pipelines.checkout import dvc
from pipelines.errors import DamagedError, PipelineError
from pipelines.process import ask_for
from pipelines.storage.objects import object_path
from pipelines.storage.outputs import DIRECTORY

State = Literal["sound", "damaged", "absent"]
_PIECE = 1 << 20


class Answer(BaseModel):
    """What the process says of the objects that it was asked about."""

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


def _ask(folder: Path, names: Sequence[str], *options: str) -> Answer:
    """Have ``main`` answer, in a process of its own."""
    with TemporaryDirectory() as temporary:
        # A folder may have more files than a command line can name.
        listed = Path(temporary, "names.json")
        listed.write_text(json.dumps(list(dict.fromkeys(names))))
        return ask_for(Answer, "pipelines.storage.remote", str(folder), str(listed), *options)


def main(
    folder: Path,
    names: Path,
    into: Annotated[Path | None, typer.Option()] = None,
    rehash: Annotated[bool, typer.Option("--rehash")] = False,
    replace_from: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Print which of the objects the remote lacks, and which are damaged, as a line of JSON."""
    from dvc.repo import Repo  # noqa: PLC0415  # takes a second, here alone

    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    os.chdir(folder)
    try:
        with Repo() as repo:
            objects = repo.cloud.get_remote_odb(command="fetch")
            with suppress(FileNotFoundError):
                objects.fs.ls(objects.path)
            asked = json.loads(names.read_text())
            places = {name: objects.oid_to_path(name) for name in asked}
            places = {n: place for n, place in places.items() if _is_there(objects.fs, place)}
            answer = Answer(missing=[name for name in asked if name not in places])
            if into:
                _download(objects.fs, places, into)
            if replace_from:
                _replace(objects, places, replace_from)
            if rehash:
                answer = answer.model_copy(update={"damaged": _damaged(objects.fs, places)})
    # Each kind of remote has a library of its own, with errors of its own.
    except Exception as error:
        typer.echo(f"error: DVC's remote: {' '.join(str(error).split())}", err=True)
        raise SystemExit(1) from None
    sys.stdout.write(answer.model_dump_json() + "\n")


def _is_there(system: Any, place: str) -> bool:
    """Tell what is missing from what cannot be seen, which S3's own ``exists`` does not."""
    try:
        system.info(place)
    except FileNotFoundError:
        return False
    return True


def _download(system: Any, places: Mapping[str, str], into: Path) -> None:
    check_space(sum(map(system.size, places.values())), into)
    for name, place in places.items():
        system.get_file(place, str(into / name))


def _damaged(system: Any, places: Mapping[str, str]) -> list[str]:
    """Name the objects whose content is not that of their names, which is read piece by piece."""
    found = []
    for name, place in places.items():
        digest = hashlib.md5(usedforsecurity=False)
        with system.open(place, "rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
        if digest.hexdigest() != name.removesuffix(DIRECTORY):
            found.append(name)
    return found


def _replace(objects: Any, places: Mapping[str, str], cache: Path) -> None:
    for name, place in places.items():
        aside = objects.fs.join(objects.fs.parent(objects.fs.parent(objects.path)), "quarantine")
        objects.fs.makedirs(aside, exist_ok=True)
        objects.fs.move(place, objects.fs.join(aside, name))
        objects.fs.put_file(str(object_path(cache, name)), place)


def check_space(needed: int, folder: Path) -> None:
    """See that a disk has room; ``PipelineError`` if it has not.

    Args:
        needed: bytes.
        folder: on the disk.
    """
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise PipelineError(
            f"expected {needed} bytes free in {folder}, found {free}; nothing was fetched."
        )


if __name__ == "__main__":
    typer.run(main)
