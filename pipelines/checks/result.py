"""What a check finds out."""

from typing import Literal, NamedTuple


class Result(NamedTuple):
    """What one piece of this machine is like."""

    piece: str
    state: Literal["ok", "warning", "missing"]
    """``missing`` stops the pipeline, or a server that is set up; ``warning`` stops neither."""
    finding: str
    """One sentence for a person."""
    fix: str = ""
    """The command that fixes it; capitals stand for what is to be filled in."""
