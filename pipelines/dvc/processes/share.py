"""Make a worktree use the DVC cache and remotes of the working copy.

``python -m pipelines.dvc.processes.share HOME WORKTREE`` copies the remotes with their settings.
Relative addresses are rewritten to be valid from the worktree.
"""

import logging
from pathlib import Path

from dvc.config import Config, merge
from dvc.repo import Repo

from pipelines.dvc.processes.command import run


def main(home: Path, worktree: Path) -> None:
    """Write DVC's local configuration of a worktree."""
    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    with Repo(str(home)) as repo:
        cache = repo.cache.local_cache_dir
    tracked, own = (Config(str(home / ".dvc")).load_one(level) for level in ("repo", "local"))
    with Config(str(worktree / ".dvc")).edit("local") as local:
        merge(local, {"remote": tracked["remote"]})
        merge(local, own)
        local["cache"]["dir"] = cache


if __name__ == "__main__":
    run(main)
