"""What a check finds out."""

from typing import Literal, NamedTuple


class Result(NamedTuple):
    """What one piece of this machine is like."""

    piece: str
    state: Literal["ok", "warning", "missing"]
    """``missing`` stops the pipeline, or a server that is set up; ``warning`` stops neither."""
    finding: str
    """One sentence for a person."""
    mend: str = ""
    """The command that mends it; what is to be filled in stands in capitals."""
