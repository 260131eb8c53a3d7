"""Define the whole of ``params.yaml``, and check all of it at once.

A stage reads only the sections that it uses, by ``stages.shared.parameters``, so that a change of
another section's definition does not run it again.
"""

from pathlib import Path

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from stages.params.agreement import disagreements
from stages.params.dataset import Dataset
from stages.params.gate import Gate
from stages.params.handwriting import Handwriting
from stages.params.machine import Machine
from stages.params.recipe import Recipe
from stages.shared.parameters import ParameterError, Parameters
from stages.shared.section import Name, Section


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


def read_params(path: Path) -> Params:
    """Read and check all of ``params.yaml``.

    Raises:
        ParameterError: it cannot be read, or it has invalid values or sections that do not fit each
            other, all of which are named.
    """
    parameters = Parameters(path)
    found = disagreements(parameters)
    try:
        params = parameters.section(Params)
    except ParameterError as error:
        found = [str(error).removesuffix("."), *found]
    else:
        if not found:
            return params
        found[0] = f"{path}: {found[0]}"
    raise ParameterError(f"{'; '.join(found)}.")
