"""Check everything that the project needs."""

from collections.abc import Iterator
from pathlib import Path

from pipelines.checks.result import CheckResult


def run_checks(folder: Path) -> Iterator[CheckResult]:
    """Check everything that the project in a folder needs, one result at a time.

    Raises:
        ImportError: a package that the checks themselves need is missing.
    """
    # Imported one by one: the first check must still run if packages of the others are missing.
    from pipelines.checks import environment  # noqa: PLC0415

    yield from environment.run_checks(folder)

    from pipelines.checks import gpu, repository, server, space, storage  # noqa: PLC0415

    yield from repository.run_checks(folder)
    yield from storage.run_checks(folder)
    yield from space.run_checks()
    yield from gpu.run_checks(folder)
    yield from server.run_checks(folder)
