"""Print the path of DVC's cache and whether there is a default remote.

``python -m pipelines.dvc.processes.storage FOLDER`` prints one line of JSON. With ``--lock``, it
first takes DVC's lock, and holds it until it is interrupted.
"""

import json
import logging
import signal
import sys
from pathlib import Path

from dvc.lock import LockError
from dvc.repo import Repo

from pipelines.dvc.processes.command import run


def main(folder: Path, lock: bool = False) -> None:
    """Print the answer, and hold the lock if that is requested."""
    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    try:
        with Repo(str(folder)) as repo:
            if lock:
                _hold(repo)
            else:
                _answer(repo)
    except KeyboardInterrupt:
        # The lock is released by now.
        return


def _hold(repo: Repo) -> None:
    waiting = False
    while True:
        try:
            # DVC chooses the kind of its lock by core.hardlink_lock, and waits some seconds for it.
            with repo.lock:
                _answer(repo)
                signal.pause()
        except LockError:
            if not waiting:
                sys.stdout.write("waiting for another command of DVC's to end\n")
                sys.stdout.flush()
            waiting = True


def _answer(repo: Repo) -> None:
    answer = {
        "cache": repo.cache.local_cache_dir,
        "has_remote": bool(repo.config["core"].get("remote")),
    }
    sys.stdout.write(f"{json.dumps(answer)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    run(main)
