"""Measure the seconds and the peak memory of each stage on data sets of growing size.

``python -m benchmarks.scale [N ...]`` takes numbers of training images. They are MNIST's, each copy
shifted by other pixels, so that no two are the same. The recipe is ``fast`` with one epoch, and
images are streamed, as they are where the memory is small. Needs ``data/arrays`` of MNIST: run
``make repro`` first.
"""

import hashlib
import itertools
import math
import os
import re
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from benchmarks.clone import fresh_clone
from benchmarks.results import record
from stages.shared import artifacts
from stages.shared.artifacts import Array

SIZES = (60_000, 240_000, 960_000)
ARRAYS = Path("data/arrays")
# Seconds between two looks at the memory of a process.
PAUSE = 0.02
RAW = Path("data/downloads/scale")


def main() -> None:
    """Measure, print and save the figures of each size."""
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    measured: dict[str, dict[str, Any]] = {}
    for size in sizes:
        with fresh_clone() as clone:
            write_data(clone, size)
            measured[str(size)] = {
                stage: run(command, clone) for stage, command in stages_of(clone).items()
            }
        print(size, measured[str(size)], flush=True)
        record("scale", {"stages": measured, "exponents": exponents(measured)})


def write_data(clone: Path, size: int) -> None:
    """Write a data set of so many training images, and choose it in ``params.yaml``."""
    folder = clone / RAW
    folder.mkdir(parents=True)
    yaml = YAML(typ="safe")
    params = yaml.load(clone / "params.yaml")
    dataset = params["datasets"]["mnist"]
    dataset["sources"] = [{"kind": "folder", "path": str(RAW)}]
    dataset["expectations"]["train_images"] = size
    for role, pin in dataset["files"].items():
        name, _, what = role.partition("_")
        array = artifacts.read_array(ARRAYS / f"{role}.npy")
        count = size if name == "train" else len(array)
        shape = (count, *array.shape[1:])
        header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *shape)
        digest = hashlib.sha256(header)
        path = folder / pin["name"]
        with path.open("wb") as file:
            file.write(header)
            for part in copies(array, count, moved=what == "images"):
                content = part.tobytes()
                digest.update(content)
                file.write(content)
        pin["bytes"], pin["sha256"] = path.stat().st_size, digest.hexdigest()
    params["machine"]["input"] = "stream"
    params["recipes"]["fast"]["training"]["epochs"] = 1
    yaml.dump(params, clone / "params.yaml")


def copies(array: Array, count: int, moved: bool) -> Iterator[Array]:
    """Yield copies of an array until there are so many rows, each moved by other pixels."""
    shifts = sorted(itertools.product(range(-8, 9), repeat=2), key=lambda shift: math.hypot(*shift))
    for number, start in enumerate(range(0, count, len(array))):
        part = array[: count - start]
        yield np.roll(part, shifts[number], axis=(1, 2)) if moved else part


def stages_of(clone: Path) -> dict[str, list[str]]:
    """Return the command of each stage, in the order in which they run."""
    yaml = YAML(typ="safe")
    folder = yaml.load(clone / "params.yaml")["handwriting"]["folder"]
    return {
        name: stage["cmd"].replace("${handwriting.folder}", folder).split()
        for name, stage in yaml.load(clone / "dvc.yaml")["stages"].items()
    }


def run(command: list[str], clone: Path) -> dict[str, float]:
    """Run a stage, and return its seconds and its peak memory in GB."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=clone, env=os.environ | {"PATH": path}, stdout=sys.stderr
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, peak_memory(process.pid))
        time.sleep(PAUSE)
    seconds = time.perf_counter() - begin
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return {"seconds": round(seconds, 1), "memory_gb": round(peak / 1e9, 2)}


def peak_memory(pid: int) -> int:
    """Return the most bytes that a process has taken so far; 0 if it has just ended.

    The usage that a parent gets at the end of its child counts the parent's own memory too.
    """
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return 1024 * int(found[1]) if found else 0


def exponents(measured: dict[str, dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Fit ``measure = constant * images ** exponent`` for each stage; 1 is linear."""
    images = [math.log(int(size)) for size in measured]
    if len(images) < 2:  # noqa: PLR2004 - points of a line
        return {}

    def exponent(stage: str, name: str) -> float:
        values = [math.log(of[stage][name]) for of in measured.values()]
        return round(float(np.polyfit(images, values, 1)[0]), 2)

    first = next(iter(measured.values()))
    return {stage: {name: exponent(stage, name) for name in first[stage]} for stage in first}


if __name__ == "__main__":
    main()
