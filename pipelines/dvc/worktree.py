"""Create a worktree for a run, in which DVC works as in the working copy."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines import PROJECT
from pipelines.dvc.command import dvc
from pipelines.git.repository import SHARED, Repository
from pipelines.system.process import output

_DOWNLOADS = "data/downloads"


@contextmanager
def worktree(
    repository: Repository, commit: str, name: str, *, cold: bool = False
) -> Iterator[Path]:
    """Check out a commit into a worktree while the block runs.

    The worktree shares DVC's cache and configuration, downloads and training checkpoints with the
    working copy. A ``cold`` worktree shares only the downloads, and starts with an empty cache.
    Hold the repository's lock when you call this; see ``Repository.worktree``.
    """
    with repository.worktree(commit, name) as folder:
        if cold:
            _share_downloads(repository.folder, folder)
        else:
            _share(repository.folder, folder)
        yield folder


def _share(home: Path, folder: Path) -> None:
    program = "pipelines.dvc.processes.share"
    output(PROJECT, (sys.executable, "-m", program, str(home), str(folder)), program)
    for name in SHARED:
        (home / name).mkdir(parents=True, exist_ok=True)
        _link(home, folder, name)


def _share_downloads(home: Path, folder: Path) -> None:
    # The user's own settings may name one cache for all repositories.
    dvc(folder, "cache", "dir", "--local", str(folder / ".dvc" / "cache"))
    # Every stage only reads the downloads, and checks each file against its SHA-256.
    if (home / _DOWNLOADS).exists():
        _link(home, folder, _DOWNLOADS)


def _link(home: Path, folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).symlink_to(home / name)
