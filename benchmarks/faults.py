"""Try every fault of the tests in its long form, and count what held.

The tests of ``make test-all`` try a sample. Here, every call of every stage to write is disturbed,
each reader gets ten times the damaged files, and Prefect runs hundreds of flows.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.results import record

FLOWS = Path("tests", "pipelines", "flows")
# The first takes longest.
TESTS = (FLOWS / "test_schedule.py", FLOWS / "test_load.py", Path("tests", "faults"))


class Table:
    """Counts the cases of each file of tests, and those that held, as pytest reports them."""

    def __init__(self) -> None:
        self.cases: Counter[str] = Counter()
        self.held: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test's cases once: at its call, or at its setup or teardown if that fails."""
        if report.skipped or (report.when != "call" and report.passed):
            return
        kind = Path(report.location[0]).stem.removeprefix("test_")
        # A test of several cases records their number.
        count = dict(report.user_properties).get("cases", 1)
        self.cases[kind] += int(str(count))
        if report.passed:
            self.held[kind] += int(str(count))


def main() -> None:
    """Run the tests, print the table and save it."""
    os.environ["FAULTS"] = "all"
    table = Table()
    code = pytest.main(
        [*map(str, TESTS), "--quiet", "--dist=worksteal", "--durations=10"], plugins=[table]
    )
    figures = {
        kind: {"cases": table.cases[kind], "held": table.held[kind]} for kind in sorted(table.cases)
    }
    for kind, counts in figures.items():
        print(f"{kind:12} {counts['cases']:6} cases, {counts['held']:6} held")
    record("faults", {"kinds": figures})
    raise SystemExit(int(code))


if __name__ == "__main__":
    main()
