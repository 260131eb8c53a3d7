"""Stage ``learning_curve``: measure a recipe's accuracy by the number of images it is fitted on."""

from stages.params.machine import Machine
from stages.params.recipe import Recipe
from stages.params.tuning import Tuning
from stages.reporting import tuning as reporting
from stages.reporting.style import png
from stages.search.folds import folds
from stages.search.scoring import scored
from stages.search.search import with_as_many_steps
from stages.search.trials import Score, Study, Trial
from stages.shared import artifacts
from stages.shared.command import PathOption
from stages.shared.parameters import ClassNames, Parameters
from stages.training.trainer import DivergedError


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
    labels = artifacts.read_array(arrays / "train_labels.npy")
    study = Study(arrays, scores, machine, len(names), tuning.folds, tuning.seed)
    fitted = [len(part["fit"]) for part in folds(labels, tuning.folds, tuning.seed)]
    counts = sorted(set(tuning.learning_curve.images))
    trials = [
        [
            Trial(with_as_many_steps(base, every, count), fold, count)
            for fold, every in enumerate(fitted)
        ]
        for count in counts
    ]

    found: dict[int, list[Score]] = {}
    for point, of_folds in scored(study, trials, tuning.search.cluster, "learning curve"):
        found[counts[point]] = of_folds
        for one in of_folds:
            if one.diverged:
                raise DivergedError(one.diverged)
        rows = [{"images": key, **one._asdict()} for key in sorted(found) for one in found[key]]
        results = reporting.summary(rows, by="images")
        artifacts.write_table(table, results)

    artifacts.write_bytes(picture, png(reporting.learning_curve(results)))
