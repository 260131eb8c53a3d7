"""Check everything that the project needs."""

from collections.abc import Iterator
from pathlib import Path

from pipelines.checks.result import Result


def examine(folder: Path) -> Iterator[Result]:
    """Check everything that the project in a folder needs, one result at a time.

    Raises:
        ImportError: a package that the checks themselves need is missing.
    """
    # Imported one by one: the first check must still run if packages of the others are missing.
    from pipelines.checks import environment  # noqa: PLC0415

    yield from environment.examine(folder)

    from pipelines.checks import gpu, repository, server, space, storage  # noqa: PLC0415

    yield from repository.examine(folder)
    yield from storage.examine(folder)
    yield from space.examine()
    yield from gpu.examine(folder)
    yield from server.examine(folder)
