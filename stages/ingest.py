"""Stage ``ingest``: parse the IDX files and check the data before any training."""

from stages.dataset import checks_page, facts, idx
from stages.dataset.expectations import ExpectationError, check_all
from stages.params.dataset import Dataset
from stages.shared import artifacts
from stages.shared.command import PathOption
from stages.shared.parameters import Parameters


def main(
    params: PathOption, raw: PathOption, arrays: PathOption, checks: PathOption, page: PathOption
) -> None:
    """Read the files of ``raw``; write ``checks``, ``page`` and, if all checks pass, ``arrays``."""
    dataset = Parameters(params).chosen("dataset", Dataset)
    channels = dataset.expectations.channels
    content = {
        "train_images": idx.read_images(raw / "train_images.idx", channels),
        "train_labels": idx.read_labels(raw / "train_labels.idx"),
        "test_images": idx.read_images(raw / "test_images.idx", channels),
        "test_labels": idx.read_labels(raw / "test_labels.idx"),
    }
    outcome = check_all(facts.gather(content), dataset.expectations, dataset.classes)
    artifacts.write_json(checks, outcome)
    artifacts.write_text(page, checks_page.render(dataset.title, outcome))
    if not outcome["success"]:
        raise ExpectationError(
            f"{raw}: expected data that meet every expectation, "
            f"found failed: {', '.join(outcome['failed'])}; see {page}."
        )
    for name, array in content.items():
        artifacts.write_array(arrays / f"{name}.npy", array)
