"""Stage ``collect``: create the folder for the user's own pictures if it is absent.

DVC records the folder's content as the output of this stage, but neither copies nor removes the
user's files.
"""

from stages.photos.collecting import ensure
from stages.shared.command import PathOption


def main(folder: PathOption) -> None:
    """Create the ``folder`` if it does not exist."""
    ensure(folder)
