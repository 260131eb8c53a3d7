"""Run the pipeline in a fresh clone, as a new user would."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ruamel.yaml import YAML

from pipelines import PROVENANCE
from pipelines.dvc.lock_record import LOCK
from stages.shared import artifacts


@contextmanager
def fresh_clone() -> Iterator[Path]:
    """Clone the newest commit to a temporary folder, with a cold DVC cache."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", ".", clone], check=True)
        yield clone


def repro(clone: Path) -> float:
    """Run ``dvc repro`` in the clone, and return the seconds it took."""
    return timed(["dvc", "repro"], clone)


def repro_by_stage(clone: Path) -> tuple[float, dict[str, float]]:
    """Run the same as ``dvc repro`` in the clone.

    Returns:
        The seconds it took, and those of each stage that was not up to date.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "seconds.json")
        seconds = timed([sys.executable, "-m", "benchmarks.stagewise", str(file)], clone)
        by_stage: dict[str, float] = json.loads(file.read_text())
    return seconds, by_stage


def timed(command: Sequence[str], clone: Path) -> float:
    """Run a command in the clone, pass its output on, and return the seconds it took."""
    # The stages must use this interpreter as `python`.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    begin = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=clone,
        env=os.environ | {"PATH": path},
        stdout=sys.stderr,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.returncode)
    return time.perf_counter() - begin


def weights(clone: Path, stage: str) -> str:
    """Return the MD5 of a stage's weights, as ``dvc.lock`` records it."""
    lock = YAML(typ="safe", pure=True).load(clone / LOCK)
    outs = {out["path"]: out["md5"] for out in lock["stages"][stage]["outs"]}
    return str(outs[f"models/{stage}.safetensors"])


def training_seconds(clone: Path) -> float:
    """Return the seconds in the training loops of all stages, from the provenance."""
    entries = artifacts.read_json(clone / PROVENANCE)
    return sum(float(entries[stage][weights(clone, stage)]["seconds"]) for stage in entries)
