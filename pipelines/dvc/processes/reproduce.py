"""Have DVC reproduce one stage, after a look at the objects that it would rely on.

``python -m pipelines.dvc.processes.reproduce [--file FILE] FOLDER STAGE``, a process of its own.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from dvc.cli import main as dvc
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.stage.cache import _can_hash
from dvc.stage.serialize import to_single_stage_lockfile

from pipelines.dvc.objects import check_sound
from pipelines.dvc.outputs import Output
from pipelines.dvc.processes.committed import check_done
from pipelines.dvc.run_cache import remove_empty_runs
from pipelines.dvc.stages import MAIN
from pipelines.errors import PipelineError


def main(folder: Path, stage: str, file: Annotated[str, typer.Option()] = MAIN) -> None:
    """Exit as ``dvc repro`` does, or with 1 and a sentence if an object is damaged."""
    os.chdir(folder)
    try:
        # What is wrong with the stage itself, DVC will say.
        with suppress(DvcException):
            _check(file, stage)
    except PipelineError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None
    target = stage if file == MAIN else f"{file}:{stage}"
    if code := dvc(["--wait-for-lock", "repro", "--single-item", target]):
        raise SystemExit(code)
    try:
        _check_done(file, stage)
    except PipelineError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None


def _check(file: str, stage: str) -> None:
    with Repo(_wait_for_lock=True) as repo, repo.lock:
        cache = Path(repo.cache.local_cache_dir)
        remove_empty_runs(cache)
        check_sound(relied_on(repo, file, stage), cache)
        # DVC removes the entries that it cannot read.
        remove_empty_runs(cache)


def _check_done(file: str, name: str) -> None:
    with Repo(_wait_for_lock=True) as repo, repo.lock:
        check_done([repo.stage.load_one(file, name)], Path(repo.cache.local_cache_dir))


def relied_on(repo: Repo, file: str, name: str) -> Iterator[Output]:
    """Give what a stage depends on, and the outputs that DVC has of an earlier run of the same.

    Raises:
        DvcException: there is no such stage, or DVC refuses it.
    """
    stage = repo.stage.load_one(file, name)
    recorded = [] if stage.changed_stage() or stage.changed_deps() else [stage]
    stage.save_deps(allow_missing=True)
    earlier = repo.stage_cache._load(stage) if _can_hash(stage) else None
    records = [*map(to_single_stage_lockfile, recorded), *([earlier] if earlier else [])]
    # Of parameters too DVC keeps what it calls a hash.
    for dep in (dep for dep in stage.deps if dep.hash_info and dep.hash_info.name == "md5"):
        yield Output(path=dep.def_path, md5=dep.hash_info.value, size=dep.meta.size or 0)
    for record in records:
        for out in record.get("outs", []):
            if "md5" in out:
                yield Output.model_validate(out)


if __name__ == "__main__":
    typer.run(main)
