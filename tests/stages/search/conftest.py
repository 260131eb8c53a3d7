"""Fixtures of the tests of a search: a recipe, and a study of the small MNIST in two parts."""

from pathlib import Path

import pytest

from stages.params.file import read_params
from stages.params.machine import Machine
from stages.params.network import NetworkParams
from stages.params.recipe import Recipe
from stages.search.trials import Study


@pytest.fixture
def recipe(small_params: Path, small_network: NetworkParams) -> Recipe:
    """The recipe ``fast`` with a small network."""
    fast = read_params(small_params).recipes["fast"]
    return fast.model_copy(update={"network": small_network})


@pytest.fixture
def study(small_arrays: Path, machine: Machine, tmp_path: Path) -> Study:
    """A study whose scores no test has kept."""
    return Study(small_arrays, tmp_path / "scores", machine, classes=10, folds=2, seed=1)
