"""Check that what a commit would promote can be fetched."""

from collections.abc import Collection, Sequence
from pathlib import Path

from pipelines.dvc import inventory, remote
from pipelines.dvc.inventory import Need
from pipelines.dvc.objects import object_path
from pipelines.dvc.storage import storage
from pipelines.dvc.store import Store
from pipelines.errors import DamagedError, PipelineError


def check_available(folder: Path, commit: str, paths: Collection[str], *, pushed: bool) -> None:
    """Check that DVC's cache or remote has the artifacts of a commit.

    Args:
        folder: of the repository.
        commit: the commit that declares the artifacts.
        paths: of the artifacts.
        pushed: whether others see the promotion; a remote must then have the artifacts.

    Raises:
        PipelineError: an object is missing, so that nobody could fetch the artifact.
    """
    needs = [need for need in inventory.needs_at(folder, [commit]) if need.path in paths]
    found = storage(folder)
    lists = Store(folder, found).lists({need.name for need in needs})
    needs += inventory.members(needs, lists)
    missing = [need for need in needs if not object_path(found.cache, need.name).is_file()]
    if found.has_remote:
        _check_remote(folder, commit, needs if pushed else missing)
    elif missing:
        raise PipelineError(
            f"{commit[:7]}: expected DVC's cache to have {missing[0].path}, found nothing there, "
            "and no remote is set; run `make repro` at that commit, or promote it in the clone "
            "that has it."
        )


def _check_remote(folder: Path, commit: str, needs: Sequence[Need]) -> None:
    if not needs:
        return
    try:
        remote.check_pushed(folder, [need.name for need in needs])
    except DamagedError as error:
        raise PipelineError(
            f"{commit[:7]}: {error} Push the artifacts from a clone that has them: dvc push."
        ) from None
