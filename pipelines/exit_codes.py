"""Define the exit codes of every command; docs/verification.md has the same table."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The outcome of a command, for scripts that call it."""

    OK = 0
    """The command succeeded and found no problem with the model or the data."""
    ERROR = 1
    """The command failed; one sentence explains why."""
    USAGE = 2
    """The command line is wrong."""
    NEGATIVE = 3
    """The model got worse, cannot be promoted, or differs, or data is lost."""
    BETTER = 4
    """The later of two commits is significantly better."""
    UNKNOWN = 5
    """The outcome is unknown, because a record or an artifact is missing."""
    INTERRUPTED = 130
    """Ctrl-C ended the command; a shell reports the same code."""
