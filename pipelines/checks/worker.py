"""Check the connections between a worker and the runs that submit stages to it."""

from pathlib import Path

from prefect.settings import get_current_settings

from pipelines.checks.server import reachable
from pipelines.dvc import remote
from pipelines.errors import PipelineError
from pipelines.git.command import git
from pipelines.workers.transport import REMOTE


def check_reachable(folder: Path) -> None:
    """Check Git's and DVC's remotes and Prefect's server, which a worker shares with its callers.

    Raises:
        PipelineError: one of them is not configured or does not respond.
    """
    git(folder, "ls-remote", "--quiet", REMOTE, "HEAD")
    remote.reach(folder)
    url = get_current_settings().api.url
    if not url:
        raise PipelineError(
            "expected the address of Prefect's server in PREFECT_API_URL, found none; set it: "
            "export PREFECT_API_URL=http://HOST:4200/api."
        )
    if (server := reachable(url)).state != "ok":
        raise PipelineError(server.finding)
