"""What a run of the pipeline raises for what its user can mend."""


class PipelineError(Exception):
    """One sentence for a person: what it is about, what was expected, what was found."""


class ForeignError(PipelineError):
    """A worker's answer to something else than what was asked."""


class ForgedError(PipelineError):
    """A worker's answer says, or has changed, what it must not."""


class DamagedError(PipelineError):
    """Content is missing, or is not that of its hash."""


class NobodyError(PipelineError):
    """No worker of a pool has taken up what was asked."""
