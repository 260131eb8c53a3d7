"""Read, download or replace objects of DVC's default remote.

``python -m pipelines.dvc.processes.remote FOLDER NAMES``.
"""

import hashlib
import json
import logging
import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from dvc.repo import Repo

from pipelines.dvc.objects import object_path
from pipelines.dvc.outputs import DIRECTORY
from pipelines.dvc.processes.command import run
from pipelines.dvc.remote import RemoteObjects
from pipelines.errors import PipelineError
from stages.shared.os_errors import explanation

_PIECE = 1 << 20


def main(
    folder: Path,
    names: Path,
    into: Annotated[Path | None, typer.Option()] = None,
    rehash: Annotated[bool, typer.Option("--rehash")] = False,
    replace_from: Annotated[Path | None, typer.Option()] = None,
    limit: Annotated[int | None, typer.Option()] = None,
) -> None:
    """Print which objects the remote lacks, and which are damaged, as a line of JSON."""
    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    os.chdir(folder)
    remote = "DVC's remote"
    try:
        with Repo() as repo:
            if name := repo.config["core"].get("remote"):
                remote += f" {name}"
            objects = repo.cloud.get_remote_odb(command="fetch")
            with suppress(FileNotFoundError):
                objects.fs.ls(objects.path)
            requested = json.loads(names.read_text())
            places = {name: objects.oid_to_path(name) for name in requested}
            sizes = _sizes(objects.fs, places)
            places = {name: places[name] for name in sizes}
            answer = RemoteObjects(missing=[name for name in requested if name not in places])
            if into:
                _check_size(sizes, limit)
                _download(objects.fs, places, into, sum(sizes.values()))
            if replace_from:
                _replace(objects, places, replace_from)
            if rehash:
                answer = answer.model_copy(update={"damaged": _damaged(objects.fs, places)})
    # Each kind of remote uses its own library, which raises its own errors.
    except Exception as error:
        typer.echo(f"error: {remote}: {_sentence(error)}", err=True)
        raise SystemExit(1) from None
    sys.stdout.write(answer.model_dump_json() + "\n")


def _sentence(error: Exception) -> str:
    if found := explanation(error):
        return found
    reason = " ".join(str(error).split())
    if isinstance(error, PipelineError):
        return reason
    return f"{reason.rstrip('.') or type(error).__name__}; run `make doctor`."


def _sizes(system: Any, places: Mapping[str, str]) -> dict[str, int]:
    """Return the size of each object that exists.

    Unlike S3's ``exists``, this raises an error if an object cannot be accessed.

    Raises:
        PipelineError: an object is no regular file. Reading a pipe would never end.
    """
    found = {}
    for name, place in places.items():
        try:
            about = system.info(place)
        except FileNotFoundError:
            continue
        kind = "link" if about.get("islink") else about["type"]
        if kind != "file":
            raise PipelineError(
                f"expected the object {name} to be a regular file, found one of the kind {kind}; "
                "remove it there and push it again."
            )
        found[name] = about["size"]
    return found


def _check_size(sizes: Mapping[str, int], limit: int | None) -> None:
    if limit is not None and sum(sizes.values()) > limit:
        largest = max(sizes, key=lambda name: sizes[name])
        raise PipelineError(
            f"expected at most {limit} bytes in {len(sizes)} objects, found {sum(sizes.values())}, "
            f"the largest is {largest}; remove it there and push it again."
        )


def _download(system: Any, places: Mapping[str, str], into: Path, size: int) -> None:
    check_space(size, into)
    for name, place in places.items():
        system.get_file(place, str(into / name))


def _damaged(system: Any, places: Mapping[str, str]) -> list[str]:
    """Return the names of objects whose content, read in pieces, does not match their name."""
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
        quarantine = objects.fs.join(
            objects.fs.parent(objects.fs.parent(objects.path)), "quarantine"
        )
        objects.fs.makedirs(quarantine, exist_ok=True)
        objects.fs.move(place, objects.fs.join(quarantine, name))
        objects.fs.put_file(str(object_path(cache, name)), place)


def check_space(needed: int, folder: Path) -> None:
    """Check that a disk has enough free space; raise ``PipelineError`` if not.

    Args:
        needed: bytes.
        folder: a folder on the disk.
    """
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise PipelineError(
            f"expected {needed} bytes free in {folder}, found {free}; free space on that disk."
        )


if __name__ == "__main__":
    run(main)
