"""Stage ``tune``: score variations of a recipe by cross-validation on the training images."""

import sys

import typer
from tqdm import tqdm

from stages.params.machine import Machine
from stages.params.recipe import Recipe
from stages.params.tuning import Tuning
from stages.reporting import tuning as reporting
from stages.reporting.style import png
from stages.search.scoring import scored
from stages.search.search import SearchError, cells, variations
from stages.search.trials import Score, Study, Trial
from stages.shared import artifacts
from stages.shared.command import PathOption
from stages.shared.parameters import ClassNames, Parameters


def main(
    params: PathOption,
    search: PathOption,
    arrays: PathOption,
    scores: PathOption,
    table: PathOption,
    picture: PathOption,
    best: PathOption,
) -> None:
    """Score every cell of the ``search``; write the ``table``, its ``picture`` and the ``best``."""
    parameters = Parameters(params)
    tuning = Parameters(search).section(Tuning)
    names = parameters.chosen("dataset", ClassNames).classes
    base = parameters.named("recipe", tuning.base, Recipe)
    machine = parameters.section(Machine, "machine")
    image_shape = artifacts.read_array(arrays / "train_images.npy").shape[1:]
    tried = cells(tuning.search, tuning.space, tuning.seed)
    varied = variations(base, tried, image_shape, len(names))
    study = Study(arrays, scores, machine, len(names), tuning.folds, tuning.seed)
    trials = [[Trial(one, fold) for fold in range(tuning.folds)] for one in varied]

    found: dict[int, list[Score]] = {}
    for cell, of_folds in scored(study, trials, tuning.search.cluster, "tuning"):
        found[cell] = of_folds
        reason = next((one.diverged for one in of_folds if one.diverged), None)
        if reason:
            tqdm.write(f"the cell {tried[cell]} has no score: {reason}", file=sys.stderr)
        rows = [{"cell": key, **one._asdict()} for key in sorted(found) for one in found[key]]
        results = reporting.ranked(rows, tried)
        artifacts.write_table(table, results.drop(columns="cell"))

    if results["accuracy_mean"].isna().all():
        raise SearchError(
            "no cell has a score, since every training diverged; lower training.learning_rate."
        )
    text = reporting.as_yaml(varied[results["cell"].iloc[0]])
    artifacts.write_text(best, text)
    artifacts.write_bytes(picture, png(reporting.search(results, list(tuning.space))))
    _, entry = text.split("\n", 1)
    typer.echo(
        f"the best of {len(tried)} cells; add this under `recipes` in params.yaml:\n\n{entry}"
    )
    if reporting.DEVICES in results:
        typer.echo(
            "the trainings ran on devices of more than one class, which compute differently; "
            f"compare cells of different {reporting.DEVICES} with care.",
            err=True,
        )
