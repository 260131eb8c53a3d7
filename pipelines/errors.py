"""Define the errors that a user of the pipeline can fix."""

# Characters of text from elsewhere that a message quotes.
_LONGEST = 500


def printable(text: str) -> str:
    """Return text from elsewhere for a message: in one line, escaped and not too long."""
    escaped = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text[:_LONGEST])
    return escaped if len(text) <= _LONGEST else f"{escaped}..."


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
