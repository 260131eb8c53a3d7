"""Run the pipeline of the working directory as ``dvc repro`` does, and name the stages that ran.

``python -P FILE_OF_THIS_MODULE PATH`` writes a JSON list to PATH. The environment may be that of an
older commit, so this module imports nothing of the project.
"""

import json
import logging
import sys
from pathlib import Path

from dvc.repo import Repo


def main(path: Path) -> None:
    """Write the names of the stages that DVC ran or restored; exit with 1 if one fails."""
    try:
        with Repo() as repo:
            path.write_text(json.dumps([stage.addressing for stage in repo.reproduce()]))
    except Exception:
        # In one line, as DVC's command does.
        logging.getLogger("dvc").exception("")
        sys.exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
