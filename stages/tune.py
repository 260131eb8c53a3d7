"""Stage ``tune``: score variations of a recipe by cross-validation on the training images."""

import math
import sys

import typer
from tqdm import tqdm

from stages.dataset.standardization import measure
from stages.model.device import prepare
from stages.params.machine import Machine
from stages.params.recipe import Recipe
from stages.params.tuning import Tuning
from stages.reporting import tuning as reporting
from stages.reporting.style import png
from stages.search.cross_validation import Score, score
from stages.search.folds import folds
from stages.search.search import SearchError, cells, variations
from stages.shared import artifacts
from stages.shared.command import PathOption
from stages.shared.parameters import ClassNames, Parameters
from stages.training.batches import Examples
from stages.training.trainer import DivergedError


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
    images = artifacts.read_array(arrays / "train_images.npy")
    labels = artifacts.read_array(arrays / "train_labels.npy")
    parts = folds(labels, tuning.folds, tuning.seed)
    tried = cells(tuning.search, tuning.space, tuning.seed)
    varied = variations(base, tried, images.shape[1:], len(names))

    prepare(machine.device, machine.threads)
    rows: list[dict[str, float]] = []
    for number, variation in enumerate(tqdm(varied, desc="tuning", unit="cell")):
        try:
            found = [
                score(
                    variation,
                    machine,
                    len(names),
                    Examples(images, labels, part["fit"]),
                    Examples(images, labels, part["validation"]),
                    measure,
                    scores,
                )
                for part in parts
            ]
        except DivergedError as error:
            tqdm.write(f"the cell {tried[number]} has no score: {error}", file=sys.stderr)
            found = [Score(math.nan, math.nan)]
        rows += [{"cell": number, **one._asdict()} for one in found]
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
