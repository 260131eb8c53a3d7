"""Which variations of a recipe are tried."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from scipy.stats import loguniform, uniform
from sklearn.model_selection import ParameterGrid, ParameterSampler

from stages.errors import UserError
from stages.model.layers import NetworkError, layers
from stages.params import sentences
from stages.sections.recipe import Recipe
from stages.sections.tuning import Choices, Grid, Random, Range

# Of fractions drawn from a range; more would not be worth pasting.
_SIGNIFICANT_DIGITS = 3


class SearchError(UserError):
    """A variation of the recipe is not possible."""


def cells(
    search: Grid | Random, space: Mapping[str, Choices | Range], seed: int
) -> list[dict[str, Any]]:
    """List the cells of a search.

    Args:
        search: every combination, or some drawn at random.
        space: what to choose from, by the name of what is varied.
        seed: determines a random choice.

    Returns:
        A value for every name in the space, for each cell.
    """
    distributions = {
        name: _distribution(values) if isinstance(values, Range) else list(values)
        for name, values in space.items()
    }
    if search.strategy == "grid":
        drawn = list(ParameterGrid(distributions))
    else:
        finite = all(isinstance(values, list) for values in distributions.values())
        count = search.cells
        if finite:
            count = min(count, len(ParameterGrid(distributions)))
        drawn = list(ParameterSampler(distributions, count, random_state=seed))
    return [
        {
            name: _drawn(cell[name], values) if isinstance(values, Range) else cell[name]
            for name, values in space.items()
        }
        for cell in drawn
    ]


def variations(
    recipe: Recipe, cells: Sequence[dict[str, Any]], height: int, width: int, classes: int
) -> list[Recipe]:
    """Give the recipe with the values of each cell, all checked before any is trained.

    Args:
        recipe: what is varied.
        cells: as ``cells`` lists them.
        height: of an image.
        width: of an image.
        classes: how many there are.

    Raises:
        SearchError: a cell is not possible.
    """
    found = [varied(recipe, cell) for cell in cells]
    for cell, variation in zip(cells, found, strict=True):
        try:
            layers(variation.network, height, width, classes)
        except NetworkError as error:
            raise SearchError(_impossible(cell, str(error))) from None
    return found


def varied(recipe: Recipe, cell: dict[str, Any]) -> Recipe:
    """Give the recipe with the values of the cell in their places.

    Raises:
        SearchError: the recipe has no such place, or the value is not allowed there.
    """
    content = recipe.model_dump(mode="json")
    for name, value in cell.items():
        *sections, last = [int(part) if part.isdecimal() else part for part in name.split(".")]
        place: Any = content
        try:
            for section in sections:
                place = place[section]
            place[last]
        except (LookupError, TypeError):
            raise SearchError(
                f"space.{name}: expected a value of a recipe, found none of that name; "
                "choose one of those in params.yaml."
            ) from None
        place[last] = value
    try:
        return Recipe.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise SearchError(_impossible(cell, sentences(error))) from None


def with_as_many_steps(recipe: Recipe, images: int, fewer: int) -> Recipe:
    """Give the recipe with more epochs, so that fewer images are fitted in as many steps.

    Else a learning curve would show what fewer steps do, not what fewer images do.

    Args:
        recipe: with the epochs for ``images``.
        images: how many there are in all.
        fewer: how many of them are fitted.
    """
    size = recipe.training.batch_size
    steps = recipe.training.epochs * math.ceil(images / size)
    epochs = math.ceil(steps / math.ceil(fewer / size))
    training = recipe.training.model_copy(update={"epochs": epochs})
    return recipe.model_copy(update={"training": training})


def _distribution(values: Range) -> Any:
    if values.scale == "log":
        return loguniform(values.low, values.high)
    return uniform(values.low, values.high - values.low)


def _drawn(value: float, values: Range) -> float:
    whole = isinstance(values.low, int) and isinstance(values.high, int)
    rounded = round(value) if whole else float(f"{value:.{_SIGNIFICANT_DIGITS}g}")
    return min(max(rounded, values.low), values.high)


def _impossible(cell: dict[str, Any], reason: str) -> str:
    return f"space: the cell {json.dumps(cell)} is not possible: {reason.rstrip('.')}."
