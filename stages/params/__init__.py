"""Read ``params.yaml`` into one frozen, typed model, which every stage uses.

An unknown, missing, mistyped, non-finite or out-of-range value is refused with its name.
"""

import json
import textwrap
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from stages.params.base import Name, Section
from stages.params.dataset import Dataset
from stages.params.gate import Gate
from stages.params.handwriting import Handwriting
from stages.params.machine import Machine
from stages.params.recipe import Recipe
from stages.shared.errors import UserError
from stages.shared.formats import FormatError, parse_yaml, read_file

AnySection = TypeVar("AnySection", bound=Section)


class ParameterError(UserError):
    """``params.yaml`` cannot be read, or it has an invalid value."""


class Params(Section):
    """All of ``params.yaml``."""

    dataset: Name
    recipe: Name
    machine: Machine
    handwriting: Handwriting
    gate: Gate
    datasets: dict[Name, Dataset]
    recipes: dict[Name, Recipe]

    @model_validator(mode="after")
    def _choices_exist(self) -> "Params":
        for kind, choice, known in (
            ("dataset", self.dataset, self.datasets),
            ("recipe", self.recipe, self.recipes),
        ):
            if choice not in known:
                message = "{kind} must be one of {known}, found {choice}"
                context = {"kind": kind, "choice": choice, "known": ", ".join(known)}
                raise PydanticCustomError("choice", message, context)
        return self

    @property
    def chosen_dataset(self) -> Dataset:
        """The data set that ``dataset`` names."""
        return self.datasets[self.dataset]

    @property
    def chosen_recipe(self) -> Recipe:
        """The recipe that ``recipe`` names."""
        return self.recipes[self.recipe]

    def recipe_named(self, name: str) -> Recipe:
        """Return the recipe of that name; ``ParameterError`` if there is none."""
        if name not in self.recipes:
            known = ", ".join(self.recipes)
            raise ParameterError(f"expected a recipe of params.yaml ({known}), found {name}.")
        return self.recipes[name]


def read_params(path: Path) -> Params:
    """Read and check all of ``params.yaml``; ``ParameterError`` names each invalid value."""
    return read_section(path, Params)


def read_section(path: Path, section: type[AnySection]) -> AnySection:
    """Read and check a file that holds one section, as ``read_params`` does."""
    try:
        content = parse_yaml(read_file(path))
        # Strict validation accepts a list for a tuple only from JSON.
        return section.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise ParameterError(f"{path}: {sentences(error)}.") from None
    except FormatError as error:
        raise ParameterError(f"{path}: {error}.") from None
    except OSError as error:
        raise ParameterError(f"{path}: expected a YAML file, found: {error}.") from None


def sentences(error: ValidationError) -> str:
    """Return what is wrong with each invalid value, and what it must be."""
    return "; ".join(map(_sentence, error.errors()))


def _sentence(error: ErrorDetails) -> str:
    if error["type"] in {"choice", "search", "summary"}:
        return error["msg"]
    place = ".".join(map(str, error["loc"])) or "the file"
    if error["type"] == "missing":
        return f"{place} is missing"
    if error["type"] == "extra_forbidden":
        return f"{place} is unknown"
    message = error["msg"].removeprefix("Input should be ")
    if error["type"] in {"bounds", "classes", "lookalikes", "range"}:
        return f"{place}: {message}"
    expected = message if message.startswith("must") else f"must be {message}"
    return f"{place} {expected}, found {_shown(error['input'])}"


def _shown(value: Any) -> str:
    return textwrap.shorten(json.dumps(value), 60, placeholder="...")
