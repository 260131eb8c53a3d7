"""What a run has made, on its way to others."""

from pathlib import Path

from pipelines.dvc import inventory, remote
from pipelines.dvc.command import dvc
from pipelines.dvc.store import Store
from pipelines.git.command import git
from pipelines.git.repository import home_of


def push_results(folder: Path, branch: str, git_remote: str) -> None:
    """Push what a run has made to DVC's remote, see that it is there, then push its branch.

    Args:
        folder: of the run.
        branch: that has its commit.
        git_remote: of Git, that the branch is pushed to.

    Raises:
        DamagedError: DVC's remote lacks some of it.
        PipelineError: one of the remotes refuses; the branch stays here.
    """
    needs = [
        need
        for commit, lock in inventory.at_commits(folder, [branch])
        for need in inventory.needs_of(folder, commit, lock)
    ]
    dvc(folder, "push")
    remote.check_pushed(folder, [need.name for need in needs])
    # The lists of folders from either side, for the cache may lack one that the remote has.
    lists = Store(folder).lists({need.name for need in needs})
    remote.check_pushed(folder, [need.name for need in inventory.members(needs, lists)])
    # The branch last: who sees it can have what it names.
    git(home_of(folder), "push", "--quiet", "--end-of-options", git_remote, branch)
