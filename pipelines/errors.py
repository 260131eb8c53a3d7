"""Define the errors that a user of the pipeline can fix."""


class PipelineError(Exception):
    """An error with a one-sentence message: the subject, what was expected and what was found."""


class MismatchError(PipelineError):
    """A worker's result does not belong to the request."""


class RecordError(PipelineError):
    """A record or a worker's result is malformed, or changes something it must not change."""


class DamagedError(PipelineError):
    """Content is missing, or does not match its hash."""


class NoWorkerError(PipelineError):
    """No worker of a pool has started the stage."""
