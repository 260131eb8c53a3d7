"""``params.yaml`` as one frozen, typed model: the one reader of parameters, for every stage.

Unknown, missing, mistyped, non-finite and out-of-range values are refused by name.
"""

import json
import textwrap
from pathlib import Path
from typing import Any

from pydantic import ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from stages.errors import UserError
from stages.sections import Compute, Dataset, Name, Recipe, Section


class ParameterError(UserError):
    """``params.yaml`` cannot be read, or a value in it is refused."""


class Params(Section):
    """The whole of ``params.yaml``."""

    dataset: Name
    recipe: Name
    compute: Compute
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


def read_params(path: Path) -> Params:
    """Read and check all of ``params.yaml``; ``ParameterError`` names each refused value."""
    try:
        # YAML 1.2, as DVC reads it: 1e-3 is a number.
        content = YAML(typ="safe", pure=True).load(path.read_bytes())
        # Strict validation takes lists for tuples only from JSON.
        return Params.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise ParameterError(f"{path}: {'; '.join(map(_sentence, error.errors()))}.") from None
    except (OSError, YAMLError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ParameterError(
            f"{path}: expected a YAML file of parameters, found: {reason}."
        ) from None


def _sentence(error: ErrorDetails) -> str:
    if error["type"] == "choice":
        return error["msg"]
    place = ".".join(map(str, error["loc"])) or "the file"
    if error["type"] == "missing":
        return f"{place} is missing"
    if error["type"] == "extra_forbidden":
        return f"{place} is unknown"
    message = error["msg"].removeprefix("Input should be ")
    if error["type"] in {"bounds", "classes", "lookalikes"}:
        return f"{place}: {message}"
    expected = message if message.startswith("must") else f"must be {message}"
    return f"{place} {expected}, found {_shown(error['input'])}"


def _shown(value: Any) -> str:
    return textwrap.shorten(json.dumps(value), 60, placeholder="...")
