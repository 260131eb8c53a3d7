"""Stage ``ingest``: parse the IDX files and check the data before any training."""

from pathlib import Path

from stages.dataset import checks_page, facts, idx
from stages.dataset.expectations import ExpectationError, check_all
from stages.dataset.labels import class_numbers
from stages.params.dataset import Dataset, Expectations
from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.shared.command import PathOption
from stages.shared.parameters import Parameters


def main(
    params: PathOption, raw: PathOption, arrays: PathOption, checks: PathOption, page: PathOption
) -> None:
    """Read the files of ``raw``; write ``checks``, ``page`` and, if all checks pass, ``arrays``."""
    dataset = Parameters(params).chosen("dataset", Dataset)
    expected = dataset.expectations
    content = {
        "train_images": idx.read_images(raw / "train_images.idx", expected.channels),
        "train_labels": _labels(raw / "train_labels.idx", expected),
        "test_images": idx.read_images(raw / "test_images.idx", expected.channels),
        "test_labels": _labels(raw / "test_labels.idx", expected),
    }
    outcome = check_all(facts.gather(content), expected, dataset.classes)
    artifacts.write_json(checks, outcome)
    artifacts.write_text(page, checks_page.render(dataset.title, outcome))
    if not outcome["success"]:
        raise ExpectationError(
            f"{raw}: expected data that meet every expectation, "
            f"found failed: {', '.join(outcome['failed'])}; see {page}."
        )
    for name, array in content.items():
        artifacts.write_array(arrays / f"{name}.npy", array)


def _labels(path: Path, expected: Expectations) -> Array:
    labels = idx.read_labels(path, expected.label_column)
    return labels if expected.label_values is None else class_numbers(labels, expected.label_values)
