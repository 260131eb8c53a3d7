"""Define what every source of a data set is: something that opens files by their names."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import IO

Opener = Callable[[str], AbstractContextManager[IO[bytes]]]
"""A function that opens the file of a name as a stream of bytes, raw or compressed.

Raises ``TransferError`` if the source lacks the file, ``SourceError`` if the source fails.
"""
LONGEST_REASON = 200
"""Most characters of what a server or a client says."""


class SourceError(Exception):
    """A source cannot provide files; the reason is for a person to read."""
