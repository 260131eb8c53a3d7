"""Run the pipeline twice, in fresh clones with cold caches, and compare all results.

The clones are in different folders of this machine, so that a path, a time or randomness in an
artifact would show. Every output is compared, except what the trainings record about machine and
date.
"""

from pathlib import Path

from benchmarks.clone import fresh_clone, repro
from benchmarks.results import record
from pipelines.dvc.lock_record import LOCK
from pipelines.verification.first_difference import files_of, first_difference
from pipelines.verification.recorded import read_record


def main() -> None:
    """Run, compare, print and save the figures."""
    with fresh_clone() as clone, fresh_clone() as other:
        for folder in (clone, other):
            # Without the last record, DVC cannot skip stages that lead to the same bytes.
            (folder / LOCK).unlink()
            repro(folder)
        differ = [
            f"{path}: {first_difference(clone / path, other / path)}"
            for path in compared(clone)
            if not same(clone / path, other / path)
        ]
        count = len(compared(clone))
    figures = {"artifacts": count, "identical": count - len(differ), "differ": differ}
    for name, value in figures.items():
        print(f"{name:10} {value}")
    record("reproducibility", figures)


def compared(clone: Path) -> list[str]:
    """Return the paths to compare: the record itself, and every output that it names."""
    return [LOCK, *read_record((clone / LOCK).read_bytes(), LOCK).outputs]


def same(path: Path, other: Path) -> bool:
    """Return whether two files or folders are the same, byte for byte."""
    if path.is_dir() and other.is_dir():
        before, after = files_of(path), files_of(other)
        return before.keys() == after.keys() and all(
            same(file, after[name]) for name, file in before.items()
        )
    return path.is_file() and other.is_file() and path.read_bytes() == other.read_bytes()


if __name__ == "__main__":
    main()
