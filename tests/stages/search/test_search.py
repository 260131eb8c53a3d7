from pathlib import Path

import pytest

from stages.params.file import read_params
from stages.params.recipe import Recipe
from stages.params.tuning import Grid, Random, Range
from stages.search.search import SearchError, cells, variations, varied, with_as_many_steps


@pytest.fixture
def recipe(small_params: Path) -> Recipe:
    return read_params(small_params).recipes["fast"]


def test_a_grid_is_every_combination_once() -> None:
    found = cells(Grid(strategy="grid"), {"a": (1, 2), "b": ("x", "y", "z")}, seed=1)

    assert len(found) == 6
    assert {(cell["a"], cell["b"]) for cell in found} == {
        (1, "x"), (1, "y"), (1, "z"), (2, "x"), (2, "y"), (2, "z"),
    }  # fmt: skip


def test_a_random_choice_among_lists_takes_no_combination_twice() -> None:
    found = cells(Random(strategy="random", cells=50), {"a": (1, 2, 3), "b": (True, False)}, seed=1)

    assert len(found) == len({(cell["a"], cell["b"]) for cell in found}) == 6


def test_a_logarithmic_range_gives_each_decade_its_share() -> None:
    rate = Range(low=1e-4, high=1e-1, scale="log")

    found = cells(Random(strategy="random", cells=600), {"rate": rate}, seed=1)

    drawn = [cell["rate"] for cell in found]
    assert 1e-4 <= min(drawn) <= max(drawn) <= 1e-1
    for low in (1e-4, 1e-3, 1e-2):
        assert 160 < sum(low <= rate < 10 * low for rate in drawn) < 240


def test_a_linear_range_is_drawn_from_evenly_and_given_with_three_digits() -> None:
    share = Range(low=0.2, high=0.6, scale="linear")

    drawn = [cell["p"] for cell in cells(Random(strategy="random", cells=600), {"p": share}, 1)]

    assert 0.2 <= min(drawn) <= max(drawn) <= 0.6
    assert 160 < sum(share < 0.2 + 0.4 / 3 for share in drawn) < 240
    assert all(len(f"{share:.10g}") <= len("0.123") for share in drawn)


def test_between_whole_numbers_whole_numbers_are_drawn() -> None:
    size = Range(low=30, high=33, scale="log")

    drawn = [cell["n"] for cell in cells(Random(strategy="random", cells=200), {"n": size}, 1)]

    assert set(drawn) == {30, 31, 32, 33}
    assert all(isinstance(number, int) for number in drawn)


def test_rounding_does_not_leave_the_range() -> None:
    share = Range(low=0.99949, high=0.99994, scale="linear")

    drawn = [cell["b"] for cell in cells(Random(strategy="random", cells=50), {"b": share}, 1)]

    assert 0.99949 <= min(drawn) <= max(drawn) <= 0.99994


def test_a_network_that_does_not_fit_the_images_is_refused_with_its_cell(recipe: Recipe) -> None:
    tried = [{"network.convolutions.0.kernel": 5}, {"network.convolutions.0.kernel": 29}]

    with pytest.raises(SearchError, match=r"the cell .*29.* not possible: .*kernel does not fit"):
        variations(recipe, tried, (28, 28), 10)


def test_the_seed_determines_a_random_choice() -> None:
    def drawn(seed: int) -> list[dict[str, float]]:
        space = {"rate": Range(low=1e-4, high=1e-1, scale="log")}
        return cells(Random(strategy="random", cells=5), space, seed)

    assert drawn(1) == drawn(1) != drawn(2)


def test_a_cell_changes_its_own_places_of_the_recipe(recipe: Recipe) -> None:
    found = varied(recipe, {"training.learning_rate": 0.02, "network.convolutions.0.channels": 8})

    assert found.training.learning_rate == 0.02
    assert [convolution.channels for convolution in found.network.convolutions] == [8, 64]
    assert found.split == recipe.split
    assert varied(recipe, {}) == recipe


@pytest.mark.parametrize(
    "name",
    [
        "training.speed",
        "network.convolutions.2.channels",
        "seed.1",
        "training.epochs.count",
        "split.strategy.0",
    ],
)
def test_a_place_that_the_recipe_lacks_is_named(recipe: Recipe, name: str) -> None:
    with pytest.raises(SearchError, match=rf"space\.{name}: expected a value of a recipe"):
        varied(recipe, {name: 1})


def test_a_value_that_is_not_allowed_is_named(recipe: Recipe) -> None:
    with pytest.raises(SearchError, match=r"network\.dropout must be from 0 to 0\.99, found 2"):
        varied(recipe, {"network.dropout": 2})


def test_fewer_images_are_fitted_in_as_many_steps(recipe: Recipe) -> None:
    assert recipe.training.epochs == 2

    assert with_as_many_steps(recipe, images=600, fewer=600).training.epochs == 2
    assert with_as_many_steps(recipe, images=600, fewer=100).training.epochs == 10
    assert with_as_many_steps(recipe, images=600, fewer=500).training.epochs == 3
    # Fewer than a batch still take a step.
    assert with_as_many_steps(recipe, images=600, fewer=30).training.epochs == 20
