"""Define a recipe: everything that determines a model, given the data set."""

from stages.params.network import NetworkParams
from stages.params.split import Split
from stages.params.training import Training
from stages.shared.section import Section, Seed


class Recipe(Section):
    """Everything that determines a model, given the data set."""

    seed: Seed
    split: Split
    network: NetworkParams
    training: Training
