"""Stage ``collect``: have a folder for pictures of one's own, which is made if it is absent.

DVC records what lies in it as this stage's output, and leaves it to its owner: it neither copies
the files nor removes any.
"""

from stages.command import PathOption
from stages.dataset.collecting import ensure


def main(folder: PathOption) -> None:
    """Make the ``folder``, unless it is there."""
    ensure(folder)
