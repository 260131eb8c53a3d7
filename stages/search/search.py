"""List the variations of a recipe that a search tries."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from scipy.stats import loguniform, uniform
from sklearn.model_selection import ParameterGrid, ParameterSampler

from stages.params.network import NetworkError, layers
from stages.params.recipe import Recipe
from stages.params.tuning import Choices, Grid, Random, Range
from stages.shared.errors import UserError
from stages.shared.validation import sentences

# Digits of fractions drawn from a range; more would not be worth copying.
_SIGNIFICANT_DIGITS = 3


class SearchError(UserError):
    """A variation of the recipe is not possible."""


def cells(
    search: Grid | Random, space: Mapping[str, Choices | Range], seed: int
) -> list[dict[str, Any]]:
    """List the cells of a search.

    Args:
        search: every combination, or some drawn at random.
        space: the values to choose from, by name.
        seed: determines a random choice.

    Returns:
        For each cell, a value for every name in the space.
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
    recipe: Recipe, cells: Sequence[dict[str, Any]], image_shape: Sequence[int], classes: int
) -> list[Recipe]:
    """Return the recipe with the values of each cell, all checked before any is trained.

    Args:
        recipe: the recipe to vary.
        cells: as ``cells`` returns them.
        image_shape: height and width, followed by 3 if the images have colours.
        classes: the number of classes.

    Raises:
        SearchError: a cell is not possible.
    """
    found = [varied(recipe, cell) for cell in cells]
    for cell, variation in zip(cells, found, strict=True):
        try:
            layers(variation.network, image_shape, classes)
        except NetworkError as error:
            raise SearchError(_impossible(cell, str(error))) from None
    return found


def varied(recipe: Recipe, cell: dict[str, Any]) -> Recipe:
    """Return the recipe with the values of a cell.

    Raises:
        SearchError: the recipe has no such name, or the value is not allowed there.
    """
    content = recipe.model_dump(mode="json")
    for name, value in cell.items():
        *sections, last = [int(part) if part.isdecimal() else part for part in name.split(".")]
        place: Any = content
        try:
            for section in sections:
                place = place[section]
            place[last]
            place[last] = value
        except (LookupError, TypeError):
            raise SearchError(
                f"space.{name}: expected a value of a recipe, found none of that name; "
                "choose one of those in params.yaml."
            ) from None
    try:
        return Recipe.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise SearchError(_impossible(cell, sentences(error))) from None


def with_as_many_steps(recipe: Recipe, images: int, fewer: int) -> Recipe:
    """Return the recipe with more epochs, so that fewer images are fitted in as many steps.

    Otherwise a learning curve would show the effect of fewer steps, not of fewer images.

    Args:
        recipe: with the epochs for ``images``.
        images: the number of all images.
        fewer: the number of images that are fitted.
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
