"""What ``tuning/params.yaml`` says: each value's type, range and meaning."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator
from pydantic_core import PydanticCustomError

from stages.sections.base import Count, Name, Section, within

Choices = Annotated[tuple[Any, ...], Field(min_length=1)]
"""Values to choose from: numbers, names, or whole sections of a recipe."""
DottedName = Annotated[str, StringConstraints(pattern=r"^\w+(\.\w+)*$")]
"""A place in a recipe, such as ``training.learning_rate`` or ``network.convolutions.0.channels``.
"""


class Range(Section):
    """Numbers to draw from: whole ones between whole ends, which are among them."""

    low: int | float
    high: int | float
    scale: Literal["linear", "log"]
    """``log``: each factor is as probable as any other of its size."""

    @model_validator(mode="after")
    def _numbers_exist(self) -> "Range":
        if not (self.low < self.high and (self.scale == "linear" or self.low > 0)):
            raise PydanticCustomError("range", "must have low < high, and on a log scale low > 0")
        return self


Values = Annotated[
    Annotated[Choices, Tag("list")] | Annotated[Range, Tag("range")],
    Discriminator(lambda values: "list" if isinstance(values, list | tuple) else "range"),
]


class Grid(Section):
    """Every combination of the values."""

    strategy: Literal["grid"]


class Random(Section):
    """Combinations drawn at random; of lists alone, none of them twice."""

    strategy: Literal["random"]
    cells: Count
    """How many."""


class LearningCurve(Section):
    """What accuracy fewer training images give."""

    images: Annotated[tuple[Count, ...], Field(min_length=1)]
    """How many, each class keeping its share."""


class Tuning(Section):
    """What is tried, and how it is measured."""

    base: Name
    """The recipe of ``params.yaml`` whose other values every cell keeps."""
    seed: Annotated[int, within(0, 2**31 - 1)]
    """Of the folds, and of the random choice."""
    folds: Annotated[int, within(2, 100)]
    """Parts of the training images, each of which validates what is fitted on the others."""
    search: Annotated[Grid | Random, Field(discriminator="strategy")]
    space: Annotated[dict[DottedName, Values], Field(min_length=1)]
    """What a cell takes instead of the base recipe's value."""
    learning_curve: LearningCurve

    @model_validator(mode="after")
    def _a_grid_is_finite(self) -> "Tuning":
        ranges = [name for name, values in self.space.items() if isinstance(values, Range)]
        if ranges and self.search.strategy == "grid":
            message = "space.{name} must be a list for a grid; a range needs a random choice"
            raise PydanticCustomError("search", message, {"name": ranges[0]})
        return self
