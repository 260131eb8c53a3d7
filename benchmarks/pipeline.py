"""Time a cold ``dvc repro`` of the default recipe by stage, and one with nothing to do."""

import re
from collections.abc import Iterable
from itertools import pairwise

from benchmarks.clone import fresh_clone, repro
from benchmarks.results import record

STARTS = re.compile(r"Running stage '(\w+)'")
TRAINED = re.compile(r"trained \d+ epochs in ([\d.]+) s")


def main() -> None:
    """Measure, print and save where the time goes."""
    with fresh_clone() as clone:
        # Without the last record, DVC cannot skip stages that lead to the same bytes.
        (clone / "dvc.lock").unlink()
        cold, lines = repro(clone)
        noop, _ = repro(clone)

    stages = seconds_by_stage(lines, cold)
    training = sum(trained(lines))
    figures = {
        "cold_seconds": round(cold, 1),
        "training_seconds": round(training, 1),
        "outside_training_seconds": round(cold - training - stages["fetch"], 1),
        "noop_seconds": round(noop, 1),
        "seconds_by_stage": stages,
    }
    for name, value in figures.items():
        print(f"{name:25} {value}")
    record("pipeline", figures)


def trained(lines: Iterable[tuple[float, str]]) -> list[float]:
    """Return the seconds that each training reported."""
    return [float(found[1]) for _, line in lines if (found := TRAINED.search(line))]


def seconds_by_stage(lines: Iterable[tuple[float, str]], end: float) -> dict[str, float]:
    """Return the seconds from each stage's start to the next; DVC's own start comes first."""
    starts = [(second, found[1]) for second, line in lines if (found := STARTS.search(line))]
    ended = [(0.0, "dvc"), *starts, (end, "")]
    return {name: round(after - begin, 1) for (begin, name), (after, _) in pairwise(ended)}


if __name__ == "__main__":
    main()
