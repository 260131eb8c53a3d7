"""Define the errors that a user of the pipeline can fix."""

from collections.abc import Iterator
from contextlib import contextmanager

from stages.shared.os_errors import explanation


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


class OperatingSystemError(PipelineError):
    """The disk is full, a permission is missing, or the operating system refuses in another way."""


@contextmanager
def explaining() -> Iterator[None]:
    """Raise an error of the operating system in the block as ``OperatingSystemError``."""
    try:
        yield
    except PipelineError:
        raise
    except Exception as error:
        if sentence := explanation(error):
            raise OperatingSystemError(sentence) from error
        raise
