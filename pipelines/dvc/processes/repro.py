"""Run ``dvc repro``, and repair damaged outputs and objects.

DVC rehashes outputs that differ from ``dvc.lock``. Damaged objects of its cache are moved aside;
they come back from the remote or by running their stage.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dvc.cli import main as dvc
from dvc.repo import Repo

from pipelines.dvc import rwlock
from pipelines.dvc.inventory import LOCKS
from pipelines.dvc.leftovers import remove_leftovers
from pipelines.dvc.lock_record import LOCK, lock_in
from pipelines.dvc.outcome import crash
from pipelines.dvc.processes.command import explaining_dvc
from pipelines.dvc.processes.committed import check_done
from pipelines.dvc.processes.cut_locks import replace_cut_locks
from pipelines.dvc.processes.failing import exit_codes
from pipelines.dvc.readable import check_readable
from pipelines.dvc.repair import (
    changed_outputs,
    copies_in,
    damaged_objects,
    make_dvc_rehash,
    recorded_outputs,
)
from pipelines.dvc.run_cache import remove_empty_runs
from pipelines.dvc.storage import storage_without_dvc
from pipelines.dvc.store import Store
from pipelines.errors import PipelineError
from pipelines.git.repository import Repository
from pipelines.system.lock import exclusive

# If DVC restores a stage from a damaged object, only the next check finds it.
_ATTEMPTS = 5


def reproduce(repository: Repository, targets: list[str], log: Callable[[str], object]) -> int:
    """Run ``dvc repro`` until nothing damaged is found, and return its exit code.

    It waits until no run and no other command of DVC's is at work.

    Raises:
        PipelineError: something cannot be repaired, or did not get into DVC's cache; the disk is
            full; or DVC rejects the repository.
    """
    owner = f"repro (process {os.getpid()})"
    with exclusive(repository.state / "lock", owner, "wait", log), explaining_dvc():
        return _reproduce(repository, targets, log)


def _reproduce(repository: Repository, targets: list[str], log: Callable[[str], object]) -> int:
    if rwlock.damage(repository.folder):
        with Repo(_wait_for_lock=True) as repo, repo.lock:
            rwlock.remove_damaged(repository.folder)
    replace_cut_locks(repository.folder, log)
    check_readable(repository.folder)
    repair(repository, log)
    first = _records()
    for _ in range(_ATTEMPTS):
        before = _records()
        with exit_codes() as codes:
            code: int = dvc(["--wait-for-lock", "repro", *targets])
        # If DVC ran or restored something, check it for damage.
        if (code == 0 and _records() == before) or not repair(repository, log):
            break
    reasons = [rwlock.explanation(repository.folder), *(crash("the stage", one) for one in codes)]
    if code and (sentence := next(filter(None, reasons), None)):
        raise PipelineError(sentence)
    changed = {name for name, record in _records().items() if record != first.get(name)}
    if code == 0 and changed:
        with Repo(_wait_for_lock=True) as repo, repo.lock:
            stages = [one for one in repo.index.stages if one.addressing in changed]
            check_done(stages, Path(repo.cache.local_cache_dir))
    return code


def repair(repository: Repository, log: Callable[[str], object]) -> bool:
    """Make DVC replace what differs from its record; return whether an object was damaged."""
    folder = repository.folder
    with Repo(_wait_for_lock=True) as repo:
        cache = Path(repo.cache.local_cache_dir)
        remove_empty_runs(cache)
        remove_leftovers(repo.index.stages)
        owned_by_people = {out.def_path for out in repo.index.outs if out.persist}
    needs = [need for need in recorded_outputs(folder) if need.path not in owned_by_people]
    make_dvc_rehash(folder, changed_outputs(folder, needs))
    found = False
    # The files of a folder are known only once its list is intact.
    while damaged := damaged_objects(cache, needs):
        found = True
        copies = copies_in(folder, needs)
        with storage_without_dvc(folder, log) as storage:
            for line in Store(folder, storage).replace(damaged, copies):
                log(line)
    return found


def _records() -> dict[str, Any]:
    """Return DVC's records by the address of each stage."""
    return {
        stage if path == LOCK else f"{path.replace('.lock', '.yaml')}:{stage}": record
        for path in LOCKS
        for stage, record in lock_in(Path(), path).get("stages", {}).items()
    }
