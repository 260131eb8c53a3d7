"""Check everything that the project needs."""

from collections.abc import Iterator
from pathlib import Path

from pipelines.checks.result import CheckResult
from pipelines.errors import PipelineError


def run_checks(folder: Path) -> Iterator[CheckResult]:
    """Check everything that the project in a folder needs, one result at a time.

    Raises:
        ImportError: a package that the checks themselves need is missing.
    """
    # Each is imported just before it runs: the others must run although a package of it is missing
    # or rejects its settings.
    from pipelines.checks import environment  # noqa: PLC0415

    yield from environment.run_checks(folder)

    from pipelines.checks import repository  # noqa: PLC0415

    yield from repository.run_checks(folder)

    from pipelines.checks import storage  # noqa: PLC0415

    yield from storage.run_checks(folder)

    from pipelines.checks import space  # noqa: PLC0415

    yield from space.run_checks()

    from pipelines.checks import gpu  # noqa: PLC0415

    yield from gpu.run_checks(folder)

    from pipelines.server import reach  # noqa: PLC0415

    try:
        reach.server_url()
    except PipelineError as error:
        finding = str(error).replace("expected", "Expected", 1)
        yield CheckResult("Prefect settings", "missing", finding)
        return

    from pipelines.checks import server  # noqa: PLC0415

    yield from server.run_checks(folder)
