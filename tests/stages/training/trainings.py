"""Trainings with checkpoints, of 40 digits."""

from pathlib import Path

import pandas as pd
import pytest

from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.params.machine import Machine
from stages.params.network import NetworkParams
from stages.params.training import Training
from stages.training.batches import Examples
from stages.training.checkpoint import trained
from stages.training.loop import TrainingLoop


def fresh(network: NetworkParams, examples: Examples, seed: int = 1) -> Classifier:
    return Classifier(network, measure(examples.images), 10, seed)


class StoppedError(Exception):
    """Stands for whatever ends a training."""


def finish(
    classifier: Classifier, training: Training, machine: Machine, examples: Examples, folder: Path
) -> pd.DataFrame:
    """Train to the end, with validation on the same examples."""
    with trained(classifier, training, machine, examples, examples, folder) as results:
        return results.history


def stop(
    classifier: Classifier, training: Training, machine: Machine, examples: Examples, folder: Path
) -> None:
    """Train until the first checkpoint has been written, and no further."""

    def raise_stopped(_: TrainingLoop) -> None:
        raise StoppedError

    with (
        pytest.raises(StoppedError),
        trained(classifier, training, machine, examples, examples, folder, [raise_stopped]),
    ):
        pytest.fail("the training went on")
