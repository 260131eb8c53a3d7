"""Stage ``learning_curve``: measure a recipe's accuracy by the number of images it is fitted on."""

from tqdm import tqdm

from stages.dataset.splitting import folds, sample
from stages.dataset.standardization import measure
from stages.model.batches import Examples
from stages.model.device import prepare
from stages.params import read_params, read_section
from stages.params.tuning import Tuning
from stages.reporting import tuning as reporting
from stages.reporting.style import png
from stages.search.cross_validation import score
from stages.search.search import with_as_many_steps
from stages.shared import artifacts
from stages.shared.command import PathOption


def main(
    params: PathOption,
    search: PathOption,
    arrays: PathOption,
    scores: PathOption,
    table: PathOption,
    picture: PathOption,
) -> None:
    """Score the base recipe of the ``search``; write the ``table`` and its ``picture``."""
    parameters, tuning = read_params(params), read_section(search, Tuning)
    dataset, base = parameters.chosen_dataset, parameters.recipe_named(tuning.base)
    images = artifacts.read_array(arrays / "train_images.npy")
    labels = artifacts.read_array(arrays / "train_labels.npy")
    parts = folds(labels, tuning.folds, tuning.seed)
    samples = {
        count: [sample(part["fit"], labels, count, tuning.seed) for part in parts]
        for count in sorted(set(tuning.learning_curve.images))
    }

    prepare(parameters.machine.device, parameters.machine.threads)
    rows: list[dict[str, float]] = []
    for count, fits in tqdm(samples.items(), desc="learning curve", unit="point"):
        for part, fit in zip(parts, fits, strict=True):
            found = score(
                with_as_many_steps(base, len(part["fit"]), count),
                parameters.machine,
                len(dataset.classes),
                Examples(images, labels, fit),
                Examples(images, labels, part["validation"]),
                measure,
                scores,
            )
            rows.append({"images": count, **found._asdict()})
        results = reporting.summary(rows, by="images")
        artifacts.write_table(table, results)

    artifacts.write_bytes(picture, png(reporting.learning_curve(results)))
