"""Limit the time of a block, whatever it waits for."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def within(seconds: float, error: Exception) -> Iterator[None]:
    """Raise an error in the block if it takes too long; only for the main thread.

    The timeout of a socket starts again with each byte, so a server that sends one byte at a time
    never exceeds it.

    Args:
        seconds: for the whole block.
        error: a type that the code in the block does not handle.
    """

    def end(*_: object) -> None:
        raise error

    before = signal.signal(signal.SIGALRM, end)
    # Repeat the alarm: Python discards an exception that is raised in a destructor.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
