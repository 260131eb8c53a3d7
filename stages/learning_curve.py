"""Stage ``learning_curve``: measure a recipe's accuracy by the number of images it is fitted on."""

from tqdm import tqdm

from stages.dataset.standardization import measure
from stages.model.device import prepare
from stages.params.machine import Machine
from stages.params.recipe import Recipe
from stages.params.tuning import Tuning
from stages.reporting import tuning as reporting
from stages.reporting.style import png
from stages.search.cross_validation import score
from stages.search.folds import folds, sample
from stages.search.search import with_as_many_steps
from stages.shared import artifacts
from stages.shared.command import PathOption
from stages.shared.parameters import ClassNames, Parameters
from stages.training.batches import Examples


def main(
    params: PathOption,
    search: PathOption,
    arrays: PathOption,
    scores: PathOption,
    table: PathOption,
    picture: PathOption,
) -> None:
    """Score the base recipe of the ``search``; write the ``table`` and its ``picture``."""
    parameters = Parameters(params)
    tuning = Parameters(search).section(Tuning)
    names = parameters.chosen("dataset", ClassNames).classes
    base = parameters.named("recipe", tuning.base, Recipe)
    machine = parameters.section(Machine, "machine")
    images = artifacts.read_array(arrays / "train_images.npy")
    labels = artifacts.read_array(arrays / "train_labels.npy")
    parts = folds(labels, tuning.folds, tuning.seed)
    samples = {
        count: [sample(part["fit"], labels, count, tuning.seed) for part in parts]
        for count in sorted(set(tuning.learning_curve.images))
    }

    prepare(machine.device, machine.threads)
    rows: list[dict[str, float]] = []
    for count, fits in tqdm(samples.items(), desc="learning curve", unit="point"):
        for part, fit in zip(parts, fits, strict=True):
            found = score(
                with_as_many_steps(base, len(part["fit"]), count),
                machine,
                len(names),
                Examples(images, labels, fit),
                Examples(images, labels, part["validation"]),
                measure,
                scores,
            )
            rows.append({"images": count, **found._asdict()})
        results = reporting.summary(rows, by="images")
        artifacts.write_table(table, results)

    artifacts.write_bytes(picture, png(reporting.learning_curve(results)))
