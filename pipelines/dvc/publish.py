"""Push a run's results to DVC's remote and to Git's."""

from pathlib import Path

from pipelines.dvc import inventory, remote
from pipelines.dvc.command import dvc
from pipelines.dvc.storage import storage
from pipelines.dvc.store import Store
from pipelines.git.command import git
from pipelines.git.repository import home_of


def push_results(folder: Path, branch: str, git_remote: str) -> None:
    """Push a run's outputs to DVC's remote, check that they arrived, then push the run's branch.

    Args:
        folder: of the run.
        branch: the branch with the run's commit.
        git_remote: the Git remote that gets the branch.

    Raises:
        DamagedError: DVC's remote lacks an object.
        PipelineError: one of the remotes refuses; the branch stays local.
    """
    needs = inventory.needs_at(folder, [branch])
    dvc(folder, "push")
    remote.check_pushed(folder, [need.name for need in needs])
    # Read folder lists from both sides: the cache may lack one that the remote has.
    lists = Store(folder, storage(folder)).lists({need.name for need in needs})
    remote.check_pushed(folder, [need.name for need in inventory.members(needs, lists)])
    # Push the branch last: whoever sees it can then fetch what it names.
    git(home_of(folder), "push", "--quiet", "--end-of-options", git_remote, branch)
