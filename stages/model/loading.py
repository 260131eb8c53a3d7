"""Load a trained classifier."""

from pathlib import Path

from stages.model.classifier import Classifier
from stages.params.network import NetworkParams
from stages.shared import artifacts
from stages.shared.artifacts import Array


def load_classifier(
    network: NetworkParams, standardization: dict[str, Array], classes: int, weights: Path
) -> Classifier:
    """Return a classifier with trained weights.

    Args:
        network: the recipe's architecture.
        standardization: as ``Classifier`` takes it.
        classes: the number of classes.
        weights: the file of the weights.

    Raises:
        ArtifactError: the file cannot be read.
        NetworkError: the network does not fit images of this size.
        WeightsError: the weights are not of this network.
    """
    # The seed only determines the initial weights, which are replaced.
    classifier = Classifier(network, standardization, classes, seed=0)
    classifier.weights = artifacts.read_tensors(weights)
    return classifier
