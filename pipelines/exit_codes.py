"""The exit codes of every command; the README has the same table."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command found, for scripts that call it."""

    OK = 0
    """Done, and nothing speaks against the model or the data."""
    ERROR = 1
    """It could not be done; one sentence says why."""
    USAGE = 2
    """The command line is wrong."""
    NEGATIVE = 3
    """The model got worse, may not be promoted, differs, or data is lost."""
    BETTER = 4
    """The later of two commits is significantly better."""
    UNKNOWN = 5
    """It cannot be told: a record or an artifact is missing."""
