"""Ask DVC about a stage, in a separate process.

``python -m pipelines.dvc.processes.expect FOLDER FILE STAGE`` prints what its record must contain.
"""

import logging
import os
import sys
from pathlib import Path

from dvc.exceptions import OutputNotFoundError
from dvc.repo import Repo
from dvc.stage.serialize import to_single_stage_lockfile

from pipelines.dvc.expected import Expected, Found
from pipelines.dvc.processes.command import run
from pipelines.dvc.readable import check_readable
from pipelines.errors import PipelineError


def main(folder: Path, file: str, stage: str) -> None:
    """Print what the stage's record must contain, as one line of JSON."""
    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    os.chdir(folder)
    check_readable(Path())
    found = expect(file, stage)
    sys.stdout.write(found.model_dump_json() + "\n")


def expect(file: str, name: str) -> Found:
    """Describe a stage of a ``dvc.yaml`` below the working directory.

    Raises:
        DvcException: DVC rejects the repository, or the stage or one of its deps is missing.
        PipelineError: the stage's wdir is not the top of the repository.
    """
    with Repo() as repo:
        stage = repo.stage.load_one(file, name)
        if Path(stage.wdir) != Path.cwd():
            raise PipelineError(
                f"{stage.addressing}: expected its wdir to be the top of the repository, found "
                f"{stage.wdir}; only such a stage can be submitted to a worker."
            )
        changed = bool(repo.status([stage.addressing]))
        stage.save_deps()
        record = to_single_stage_lockfile(stage)
        deps = record.get("deps", [])
        expected = Expected(
            cmd=record["cmd"],
            deps=deps,
            params=record.get("params", {}),
            inputs=tuple(dep["path"] for dep in deps if _is_cached(repo, dep["path"])),
            outs={out.def_path: out.use_cache for out in stage.outs},
            kinds={
                out.def_path: "folder" if out.hash_info.isdir else "file"
                for out in stage.outs
                if out.hash_info or out.is_metric
            },
        )
    return Found(expected=expected, changed=changed)


def _is_cached(repo: Repo, path: str) -> bool:
    """Return whether a path is, or is inside, an output that DVC's cache holds."""
    try:
        return any(out.use_cache for out in repo.find_outs_by_path(path, strict=False))
    except OutputNotFoundError:
        return False


if __name__ == "__main__":
    run(main)
