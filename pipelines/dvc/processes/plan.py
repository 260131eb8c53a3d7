"""List the stages as DVC finds them: ``python -m pipelines.dvc.processes.plan FOLDER``."""

import json
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import networkx as nx
import typer
from dvc.repo import Repo
from dvc.repo.index import Index
from dvc.stage import PipelineStage
from dvc.utils.hydra import apply_overrides

from pipelines.dvc.leftovers import remove_leftovers
from pipelines.dvc.objects import check_intact
from pipelines.dvc.processes.command import run
from pipelines.dvc.processes.committed import cached_outputs
from pipelines.dvc.processes.cut_locks import replace_cut_locks
from pipelines.dvc.readable import check_readable
from pipelines.dvc.stages import MAIN, STAGES, Stage, parse_meta
from pipelines.errors import PipelineError
from stages.shared.formats import parse_yaml
from stages.shared.text import printable
from stages.shared.validation import shown


def main(
    folder: Path,
    changes: Annotated[list[str] | None, typer.Argument()] = None,
    file: Annotated[str, typer.Option()] = MAIN,
    restore: Annotated[bool, typer.Option()] = False,
) -> None:
    """Print the stages as one line of JSON, each after those that it depends on."""
    # Print only the result or one error message.
    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    # DVC looks up stage names in the dvc.yaml of the working directory.
    os.chdir(folder)
    # Its output is the list alone; the run shows which stages it runs again.
    replace_cut_locks(Path.cwd(), logging.getLogger(__name__).info)
    check_readable(Path())
    if changes:
        change_params(Path("params.yaml"), changes)
    stages = plan(file, restore=restore)
    sys.stdout.write(STAGES.dump_json(tuple(stages)).decode() + "\n")


def change_params(path: Path, changes: list[str]) -> None:
    """Change values of ``params.yaml`` as ``dvc exp run --set-param`` does, but only to constants.

    An interpolation such as ``${oc.env:NAME}`` would write an environment variable into the file.

    Raises:
        PipelineError: a change has another form, or sets an infinite number.
    """
    expected = "expected values as for `dvc exp run --set-param`, such as seed=1, found"
    if interpolations := [change for change in changes if "${" in change]:
        raise PipelineError(f"{expected} an interpolation: {shown(interpolations[0])}.")
    try:
        apply_overrides(path, changes)
        json.dumps(parse_yaml(path.read_bytes()), allow_nan=False)
    # Hydra and OmegaConf raise many kinds of errors for a wrong value.
    except Exception as error:
        reason = str(error.__cause__ or error).partition("\nSee https://")[0]
        why = printable(" ".join(reason.split()))[:300]
        raise PipelineError(f"{expected} {shown(changes)}: {why}.") from None


def plan(file: str = MAIN, *, restore: bool) -> list[Stage]:
    """List the stages of a ``dvc.yaml`` below the working directory, and those that they need.

    Args:
        file: its path.
        restore: first check out from the cache what ``dvc.lock`` records.

    Raises:
        DamagedError: a recorded object in the cache does not match its name.
        DvcException: DVC rejects the repository or its ``dvc.yaml``.
        PipelineError: a stage's ``meta`` is invalid.
    """
    with Repo(_wait_for_lock=True) as repo:
        index, wanted = _index(repo, file)
        places = {stage: place for place, stage in enumerate(index.stages)}
        # The edges of DVC's graph lead from a stage to what it depends on.
        order = list(
            nx.lexicographical_topological_sort(
                index.graph.subgraph(wanted).reverse(), key=places.__getitem__
            )
        )
        names = [stage.name for stage in order]
        remove_leftovers(order)
        restored = set()
        if restore:
            check_intact(cached_outputs(order), Path(repo.cache.local_cache_dir))
            changes = repo.checkout(
                [stage.addressing for stage in order], force=True, allow_missing=True
            )
            paths = changes["added"] + changes["modified"]
            restored = {path.rstrip("/") for path in paths}
        # Use the loaded stages: given their names, DVC would read its files again for each.
        with repo.lock:
            changed = {stage for stage in order if stage.status(check_updates=True)}
        return [
            Stage(
                name=stage.name,
                file=stage.path_in_repo,
                description=stage.desc or "",
                upstream=tuple(sorted((up.name for up in index.graph[stage]), key=names.index)),
                meta=parse_meta(stage.name, stage.meta),
                changed=stage in changed,
                restored=any(repo.fs.relpath(out.fs_path) in restored for out in stage.outs),
            )
            for stage in order
        ]


def _index(repo: Repo, file: str) -> tuple[Index, set[PipelineStage]]:
    """Return an index of the pipeline's and a file's stages, and those that the file needs."""
    index = Index.from_file(repo, MAIN)
    if file == MAIN:
        return index, set(index.stages)
    of_file = Index.from_file(repo, file).stages
    index = Index(repo, stages=[*index.stages, *of_file])
    needed = (nx.descendants(index.graph, stage) for stage in of_file)
    return index, set(of_file).union(*needed)


if __name__ == "__main__":
    run(main)
