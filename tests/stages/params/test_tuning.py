from typing import Any

import pytest
from pydantic import ValidationError

from stages.params.tuning import Range, Tuning
from stages.shared.validation import sentences


def tuning(**changes: Any) -> Tuning:
    content: dict[str, Any] = {
        "base": "fast",
        "seed": 1,
        "folds": 3,
        "search": {"strategy": "random", "cells": 2},
        "space": {"training.learning_rate": {"low": 0.001, "high": 0.01, "scale": "log"}},
        "learning_curve": {"images": (100,)},
    }
    return Tuning.model_validate(content | changes)


def test_a_range_is_drawn_from_at_random() -> None:
    assert isinstance(tuning().space["training.learning_rate"], Range)


def test_a_grid_of_a_range_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"space\.training\.learning_rate must be a list"):
        tuning(search={"strategy": "grid"})


@pytest.mark.parametrize(
    ("low", "high", "scale"), [(1, 1, "linear"), (2, 1, "linear"), (0, 1, "log"), (-1, 1, "log")]
)
def test_a_range_without_numbers_is_refused(low: float, high: float, scale: str) -> None:
    with pytest.raises(ValidationError, match="low < high"):
        Range.model_validate({"low": low, "high": high, "scale": scale})


@pytest.mark.parametrize("name", ["", "training.", ".rate", "training..rate", "a b", "a[0]"])
def test_a_place_in_a_recipe_is_a_dotted_name(name: str) -> None:
    with pytest.raises(ValidationError, match="space"):
        tuning(space={name: [1]})


def test_there_must_be_something_to_choose_from() -> None:
    spaces: list[dict[str, list[int]]] = [{}, {"seed": []}]
    for space in spaces:
        with pytest.raises(ValidationError, match="space"):
            tuning(space=space)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"search": {"strategy": "all"}}, "search must have a strategy that is grid or random,"),
        ({"search": {"strategy": "random"}}, "search.cells is missing"),
        ({"space": {"seed": {"low": "a", "high": True, "scale": "log"}}}, (
            'space.seed.low must be a valid number, found "a"; '
            "space.seed.high must be a valid integer, found true"
        )),
    ],
)  # fmt: skip
def test_a_bad_value_is_named_as_in_the_file(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        tuning(**changes)

    assert sentences(refused.value).startswith(message)
