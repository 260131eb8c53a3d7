"""Check the connections between a worker and the runs that submit stages to it."""

from pathlib import Path

from prefect.settings import get_current_settings

from pipelines.dvc import remote
from pipelines.errors import PipelineError
from pipelines.git.command import git
from pipelines.workers.transport import REMOTE


def check_reachable(folder: Path) -> None:
    """Check that Prefect's server is named, and that Git's and DVC's remotes respond.

    A worker shares all three with its callers. ``check_settings`` checks the server itself.

    Raises:
        PipelineError: one of them is not configured, or a remote does not respond.
    """
    if not get_current_settings().api.url:
        raise PipelineError(
            "expected the address of Prefect's server in PREFECT_API_URL, found none; set it: "
            "export PREFECT_API_URL=http://HOST:4200/api."
        )
    git(folder, "ls-remote", "--quiet", REMOTE, "HEAD")
    remote.reach(folder)
