"""What a stage raises for a mistake that its user can mend."""


class UserError(Exception):
    """One sentence for a person: what it is about, what was expected, what was found.

    Each room derives its own type; ``stages.command.run`` prints the sentence without a traceback
    and ends the process with exit code 1.
    """
