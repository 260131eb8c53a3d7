"""Time a cold ``dvc repro`` of the default recipe by stage, and one with nothing to do."""

from benchmarks.clone import fresh_clone, repro, repro_by_stage, training_seconds
from benchmarks.results import record


def main() -> None:
    """Measure, print and save where the time goes."""
    with fresh_clone() as clone:
        # Without the last record, DVC cannot skip stages that lead to the same bytes.
        (clone / "dvc.lock").unlink()
        cold, by_stage = repro_by_stage(clone)
        noop = repro(clone)
        training = training_seconds(clone)

    figures = {
        "cold_seconds": round(cold, 1),
        "training_seconds": round(training, 1),
        "outside_training_seconds": round(cold - training - by_stage["fetch"], 1),
        "noop_seconds": round(noop, 1),
        "seconds_by_stage": with_dvc(by_stage, cold),
    }
    for name, value in figures.items():
        print(f"{name:25} {value}")
    record("pipeline", figures)


def with_dvc(by_stage: dict[str, float], whole: float) -> dict[str, float]:
    """Return the rounded seconds by stage; what is left of the whole is that of DVC itself."""
    parts = {"dvc": whole - sum(by_stage.values()), **by_stage}
    return {name: round(seconds, 1) for name, seconds in parts.items()}


if __name__ == "__main__":
    main()
