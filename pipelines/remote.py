"""DVC's default remote, object by object: what it has, and the bytes as it has them.

DVC's own ``push`` and ``pull`` end well with an object missing or damaged.
``python -m pipelines.remote FOLDER NAMES [--into INTO]`` asks DVC, in a process of its own.
"""

import json
import logging
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from pipelines.checkout import dvc
from pipelines.errors import DamagedError, PipelineError
from pipelines.process import run


def push(folder: Path, targets: Sequence[str], names: Sequence[str]) -> None:
    """Push outputs to the remote, and see that it has their objects.

    Raises:
        DamagedError: it lacks one of them.
        PipelineError: there is no remote, or it refuses.
    """
    if not targets:
        return
    dvc(folder, "push", "--", *targets)
    if missing := _ask(folder, names):
        raise DamagedError(
            f"expected DVC's remote to have all that was pushed to it, found {len(missing)} of "
            f"{len(names)} objects missing, the first {missing[0]}; look at the remote."
        )


def reach(folder: Path) -> None:
    """See that there is a remote and that it answers; ``PipelineError`` if not."""
    _ask(folder, [])


def fetch(folder: Path, names: Sequence[str], into: Path) -> None:
    """Download objects into a folder, as files of their names; what the remote lacks is left out.

    Raises:
        PipelineError: there is no remote, or it does not answer.
    """
    _ask(folder, names, into)


def _ask(folder: Path, names: Sequence[str], into: Path | None = None) -> list[str]:
    """Look for objects, and download them if it is said where to; give those that are missing."""
    lines: list[str] = []
    with TemporaryDirectory() as temporary:
        # A folder may have more files than a command line can name.
        listed = Path(temporary, "names.json")
        listed.write_text(json.dumps(list(dict.fromkeys(names))))
        options = ["--into", str(into)] if into else []
        command = [sys.executable, "-m", "pipelines.remote", str(folder), str(listed), *options]
        code = run(command, Path(__file__).parents[1], lines.append)
    if code:
        raise PipelineError(lines[-1] if lines else f"DVC's remote: found exit code {code}.")
    missing: list[str] = json.loads(lines[-1])
    return missing


def main(folder: Path, names: Path, into: Annotated[Path | None, typer.Option()] = None) -> None:
    """Print the names of the objects that the remote lacks, as one line of JSON."""
    from dvc.repo import Repo  # noqa: PLC0415  # takes a second, here alone

    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    os.chdir(folder)
    missing = []
    try:
        with Repo() as repo:
            objects = repo.cloud.get_remote_odb(command="fetch")
            # Where it is forbidden to look, everything seems to be missing; to list is to be told.
            with suppress(FileNotFoundError):
                objects.fs.ls(objects.path)
            places = {}
            for name in json.loads(names.read_text()):
                if objects.exists(name):
                    places[name] = objects.oid_to_path(name)
                else:
                    missing.append(name)
            if into:
                check_space(sum(map(objects.fs.size, places.values())), into)
                for name, place in places.items():
                    objects.fs.get_file(place, str(into / name))
    # Each kind of remote has a library of its own, with errors of its own.
    except Exception as error:
        typer.echo(f"error: DVC's remote: {' '.join(str(error).split())}", err=True)
        raise SystemExit(1) from None
    sys.stdout.write(json.dumps(missing) + "\n")


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
