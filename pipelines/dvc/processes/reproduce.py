"""Check the objects that a stage would use, then have DVC reproduce the stage.

``python -m pipelines.dvc.processes.reproduce [--file FILE] [--outcome PATH] FOLDER STAGE``.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.stage.cache import StageCache, _can_hash
from dvc.stage.serialize import to_single_stage_lockfile

from pipelines.dvc.objects import check_intact
from pipelines.dvc.outcome import Outcome
from pipelines.dvc.outputs import Output
from pipelines.dvc.processes.command import run
from pipelines.dvc.processes.committed import check_done
from pipelines.dvc.processes.failing import exit_codes
from pipelines.dvc.run_cache import remove_empty_runs
from pipelines.dvc.rwlock import remove_damaged
from pipelines.dvc.stages import MAIN
from pipelines.errors import PipelineError


class _StageCache(StageCache):  # type: ignore[misc]
    """A stage cache that notes whether DVC restored the outputs of an earlier run."""

    restored = False

    def restore(self, *arguments: Any, **options: Any) -> None:
        super().restore(*arguments, **options)
        self.restored = True


def main(
    folder: Path,
    stage: str,
    file: Annotated[str, typer.Option()] = MAIN,
    outcome: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Write the outcome; exit with 0 if the stage is up to date, or with 1 after an error."""
    os.chdir(folder)
    found = Outcome(outcome="failed")
    try:
        # If the stage is invalid, DVC itself reports it below.
        with suppress(DvcException):
            _check(file, stage)
        found = reproduce(file, stage)
    except PipelineError as error:
        typer.echo(f"error: {error}", err=True)
    if outcome:
        outcome.write_text(f"{found.model_dump_json()}\n")
    raise SystemExit(found.outcome == "failed")


def reproduce(file: str, name: str) -> Outcome:
    """Reproduce a stage as ``dvc repro --single-item`` does.

    Raises:
        PipelineError: an output did not get into DVC's cache; the stage's record is removed.
    """
    codes: list[int] = []
    target = name if file == MAIN else f"{file}:{name}"
    try:
        with Repo(_wait_for_lock=True) as repo, exit_codes() as codes:
            repo.stage_cache = _StageCache(repo)
            reproduced = repo.reproduce(target, single_item=True)
            with repo.lock:
                check_done([repo.stage.load_one(file, name)], Path(repo.cache.local_cache_dir))
            restored = repo.stage_cache.restored
    except DvcException:
        logging.getLogger("dvc").exception("")
        return Outcome(outcome="failed", exit_code=codes[-1] if codes else None)
    if not reproduced:
        return Outcome(outcome="cached")
    return Outcome(outcome="restored" if restored else "ran")


def _check(file: str, stage: str) -> None:
    with Repo(_wait_for_lock=True) as repo, repo.lock:
        cache = Path(repo.cache.local_cache_dir)
        remove_damaged(Path(repo.root_dir))
        remove_empty_runs(cache)
        check_intact(reused_outputs(repo, file, stage), cache)
        # DVC deletes entries that it cannot read, which may leave empty folders.
        remove_empty_runs(cache)


def reused_outputs(repo: Repo, file: str, name: str) -> Iterator[Output]:
    """Yield a stage's deps, and the recorded outputs that DVC may reuse from an earlier, equal run.

    Raises:
        DvcException: there is no such stage, or DVC rejects it.
    """
    stage = repo.stage.load_one(file, name)
    recorded = [] if stage.changed_stage() or stage.changed_deps() else [stage]
    stage.save_deps(allow_missing=True)
    earlier = repo.stage_cache._load(stage) if _can_hash(stage) else None
    records = [*map(to_single_stage_lockfile, recorded), *([earlier] if earlier else [])]
    # DVC also keeps a hash for parameters, by another name than "md5".
    for dep in (dep for dep in stage.deps if dep.hash_info and dep.hash_info.name == "md5"):
        yield Output(path=dep.def_path, md5=dep.hash_info.value, size=dep.meta.size or 0)
    for record in records:
        for out in record.get("outs", []):
            if "md5" in out:
                yield Output.model_validate(out)


if __name__ == "__main__":
    run(main)
