"""Say what is missing or misset on this machine, and the command that mends it."""

import sys
from collections.abc import Iterator
from pathlib import Path

from pipelines import PROJECT
from pipelines.checks.result import Result


def main() -> int:
    """Print each piece as it is found, and give the exit code: 1 if something is missing."""
    states, mends = [], 0
    try:
        for result in examine(PROJECT):
            sys.stdout.write(shown(result))
            sys.stdout.flush()
            states.append(result.state)
            mends += bool(result.mend)
    except ImportError as error:
        sys.stderr.write(
            f"error: expected an environment in which everything can be imported, found: {error}; "
            "make it anew: make --always-make setup.\n"
        )
        return 1
    missing, warnings = states.count("missing"), states.count("warning")
    sys.stdout.write(f"\n{len(states)} looked at: {missing} missing, {warnings} warnings.\n")
    if mends:
        sys.stdout.write("Before the commands: source .venv/bin/activate\n")
    return 1 if missing else 0


def examine(folder: Path) -> Iterator[Result]:
    """Check everything that the project in a folder needs, piece by piece.

    Raises:
        ImportError: a package is missing that the checks themselves need.
    """
    # An environment that lacks some of them is what the first finds.
    from pipelines.checks import environment  # noqa: PLC0415

    yield from environment.examine(folder)

    from pipelines.checks import gpu, repository, server, space, storage  # noqa: PLC0415

    yield from repository.examine(folder)
    yield from storage.examine(folder)
    yield from space.examine()
    yield from gpu.examine(folder)
    yield from server.examine(folder)


def shown(result: Result) -> str:
    """Give the lines that show a result."""
    mend = f"{'':9}{'':17}{result.mend}\n" if result.mend else ""
    return f"{result.state:9}{result.piece:17}{result.finding}\n{mend}"


if __name__ == "__main__":
    sys.exit(main())
