"""Measure how long each part of a task takes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Timing:
    """Seconds by part, in the order in which the parts began."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Add the time that the block takes, however it ends, to a part."""
        self.seconds.setdefault(name, 0)
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - begin
