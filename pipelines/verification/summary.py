"""Summarize a finished run in a few lines."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pipelines import PROVENANCE
from pipelines.dvc.lock_record import LARGEST_LOCK, LOCK, read_lock
from pipelines.dvc.outputs import outputs_of
from pipelines.errors import PipelineError
from pipelines.git.commits import contents_of
from pipelines.git.repository import Repository
from pipelines.verification.device import device_difference
from stages.results import files
from stages.results.reading import provenance_of, read_metrics, read_provenance
from stages.shared.formats import FormatError, read_file

_RECORDS = (LOCK, PROVENANCE)
_REPORTS = "reports"


def summary(repository: Repository) -> list[str]:
    """Return the test accuracy, the place of the report, and what explains unexpected outputs.

    Args:
        repository: where every stage of ``dvc.yaml`` is up to date.

    Returns:
        Two lines, and a third if another class of device computed other outputs than the last
        commit records for the same inputs; none if there are no metrics of this form.
    """
    try:
        test = read_metrics(read_file(repository.folder / _REPORTS / files.METRICS)).test
    except (FormatError, OSError):
        return []
    lines = [
        f"Test accuracy {test.accuracy:.2%} (95% interval {test.accuracy_low:.2%} to "
        f"{test.accuracy_high:.2%}): {test.errors:,} errors in {test.images:,} images.",
        f"Report: {_REPORTS}/{files.PAGE}",
    ]
    if difference := _other_device(repository):
        lines.append(
            "The outputs differ from those of the last commit because another kind of processor "
            f"computed them: {difference}. To check that they agree within the tolerances: "
            "python -m pipelines verify HEAD"
        )
    return lines


def _other_device(repository: Repository) -> str | None:
    """Return how this device differs from the last commit's, if the outputs do for that reason."""
    folder = repository.folder
    try:
        head = repository.commit_of("HEAD")
        before = [contents_of(folder, head, path, LARGEST_LOCK)[""] for path in _RECORDS]
        after = [read_file(folder / path, LARGEST_LOCK) for path in _RECORDS]
        if before[0] == after[0]:
            return None
        recorded, found = _run(*before), _run(*after)
    except (PipelineError, FormatError, LookupError, OSError):
        return None  # There is nothing to compare with.
    comparable = [
        name
        for name in recorded.stages.keys() & found.stages.keys()
        if _inputs(recorded.stages[name]) == _inputs(found.stages[name])
    ]
    if all(
        recorded.stages[name].get("outs") == found.stages[name].get("outs") for name in comparable
    ):
        return None
    return device_difference(recorded.devices, found.devices) if recorded.devices else None


class _Run(NamedTuple):
    stages: Mapping[str, Mapping[str, Any]]
    """The record of each stage in ``dvc.lock``."""
    devices: Mapping[str, Any]
    """The entry of each training in ``models/provenance.json``."""


def _run(lock: bytes, provenance: bytes) -> _Run:
    parsed = read_lock(lock, LOCK)
    weights = {output.md5 for _, output in outputs_of(parsed, LOCK)}
    return _Run(parsed["stages"], provenance_of(read_provenance(provenance), weights))


def _inputs(stage: Mapping[str, Any]) -> list[object]:
    return [stage.get(name) for name in ("cmd", "deps", "params")]
