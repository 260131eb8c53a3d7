"""Errors that the person who runs the pipeline can fix."""


class PipelineError(Exception):
    """One sentence for a person: what it is about, what was expected, what was found."""


class MismatchError(PipelineError):
    """A worker's result is not the result of what was requested."""


class RecordError(PipelineError):
    """A record or a worker's result is malformed, or changes what it must not."""


class DamagedError(PipelineError):
    """Content is missing, or is not that of its hash."""


class NoWorkerError(PipelineError):
    """No worker of a pool has taken the stage."""
