"""Check what connects a worker with the runs that submit stages to it."""

from pathlib import Path

from prefect.settings import get_current_settings

from pipelines.checks.server import reachable
from pipelines.dvc import remote
from pipelines.errors import PipelineError
from pipelines.git.command import git
from pipelines.workers.transport import REMOTE


def check_reachable(folder: Path) -> None:
    """Check the remotes of Git and DVC and Prefect's server, which a worker and its callers share.

    Raises:
        PipelineError: one of them is not set, or does not answer.
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
