"""Ask DVC which outputs its cache does not hold, because ``dvc.yaml`` has ``cache: false``.

``python -m pipelines.dvc.processes.uncached FOLDER REVISION...`` prints their paths by revision; an
empty revision stands for the working copy.
"""

import json
import logging
import os
import sys
from pathlib import Path

from dvc.repo import Repo
from dvc.repo.brancher import switch

from pipelines.dvc.processes.command import run


def main(folder: Path, revisions: list[str]) -> None:
    """Print an object with a list of paths for each revision, as one line of JSON."""
    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    os.chdir(folder)
    found = {}
    with Repo() as repo:
        for revision in revisions:
            with switch(repo, revision or "workspace"):
                outs = [out.def_path for out in repo.index.outs if not out.use_cache]
                found[revision] = sorted(outs)
    sys.stdout.write(f"{json.dumps(found)}\n")


if __name__ == "__main__":
    run(main)
