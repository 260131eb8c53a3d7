"""Define the errors that the user of a stage can fix, or that may pass by themselves."""


class UserError(Exception):
    """An error for a person, in one sentence: what it is about, what was expected, what was found.

    Each package derives its own type. ``stages.shared.command.run`` prints the sentence without a
    traceback and ends the process with ``exit_code``.
    """

    exit_code = 1


class TemporaryError(UserError):
    """An error that may pass by itself, so that retrying can help."""

    exit_code = 75
    """``EX_TEMPFAIL`` of the BSD header ``sysexits.h``."""
