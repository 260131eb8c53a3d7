"""Record what a training depends on but its outputs must not contain: machine, commit and time."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stages.params.machine import Machine
from stages.shared import artifacts
from stages.shared.artifacts import ArtifactError
from stages.shared.digests import md5_of
from stages.shared.os_errors import explanation
from stages.shared.parts import remove_parts
from stages.training import cache
from stages.training.hardware import hardware
from stages.training.loop import Timing

# Files that, together with the data, determine the result of a training.
_DECISIVE = ("params.yaml", "stages", "requirements.lock", "requirements-gpu.lock")
# Entries to keep for each name: returning to earlier parameters restores earlier weights.
_KEPT = 10


def record(
    path: Path, weights: Path, chosen: Mapping[str, str | int], machine: Machine, timing: Timing
) -> None:
    """Add an entry to the JSON file at ``path``, by the name and by the MD5 of the weights' file.

    Entries of other names are kept, and so are those of the last few other weights of this name,
    which DVC may restore.

    Args:
        path: created if it is missing or damaged; a folder in its place is moved aside.
        weights: the file that the stage wrote, such as ``models/retrain.safetensors``.
        chosen: the data set, the recipe and its seed, by name.
        machine: how this machine trained.
        timing: of the training.
    """
    entry = {
        **_code(),
        **chosen,
        **machine.model_dump(include={"precision", "jit_compile", "input"}),
        **hardware(),
        **timing._asdict(),
    }
    entries, name, md5 = _entries(path), weights.stem, md5_of(weights)
    others = entries.get(name)
    others = others if isinstance(others, dict) else {}
    # Earlier versions wrote the fields of a single entry in place of entries by weights.
    others = {key: one for key, one in others.items() if isinstance(one, dict) and key != md5}
    of_name = dict([*others.items(), (md5, entry)][-_KEPT:])
    cache.make_way(path)
    remove_parts(path)
    artifacts.write_json(path, dict(sorted({**entries, name: of_name}.items())))


def _entries(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        entries = artifacts.read_json(path)
        # Content that cannot be written again, such as half of a surrogate pair, is not ours.
        json.dumps(entries, ensure_ascii=False).encode()
    except (ArtifactError, ValueError) as error:
        # A file that cannot be read now may be whole.
        if explanation(error):
            raise
        cache.log(f"starting {path} from scratch: {error}")
        return {}
    return entries if isinstance(entries, dict) else {}


def _code() -> dict[str, Any]:
    """Return the commit, and the decisive files that differ from it; None without Git."""
    commit = _git("rev-parse", "HEAD")
    changed = _git("status", "--porcelain", "-z", "-uall", "--no-renames", "--", *_DECISIVE)
    return {
        "commit": None if commit is None else commit.strip(),
        # Before each path there are two letters and a space.
        "changed_since_commit": None
        if changed is None
        else [entry[3:] for entry in changed.split("\0")[:-1]],
    }


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - no shell; constant arguments
            ["git", *arguments],  # noqa: S607 - the user's git
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.decode(errors="replace")
