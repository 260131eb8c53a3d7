"""Define the result of a check."""

from typing import Literal, NamedTuple


class CheckResult(NamedTuple):
    """The state of one part of this machine."""

    part: str
    state: Literal["ok", "warning", "missing"]
    """``missing`` stops the pipeline, or a server that is set up; ``warning`` stops neither."""
    finding: str
    """One sentence for the user."""
    fix: str = ""
    """The command that fixes it; the user replaces the words in capitals."""
