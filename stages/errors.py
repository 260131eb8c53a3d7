"""What a stage raises for what its user can mend, or what may pass by itself."""


class UserError(Exception):
    """One sentence for a person: what it is about, what was expected, what was found.

    Each room derives its own type; ``stages.command.run`` prints the sentence without a traceback
    and ends the process with its exit code.
    """

    exit_code = 1


class TemporaryError(UserError):
    """What may pass by itself, so that trying again can help."""

    exit_code = 75
    """``EX_TEMPFAIL`` of the BSD header ``sysexits.h``."""
