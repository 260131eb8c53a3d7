"""Define the sections of ``tuning/params.yaml``: each value's type, range and meaning."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from stages.shared.section import Count, Name, Section, Seed, chosen_by, matching, within

Choices = Annotated[tuple[Any, ...], Field(min_length=1)]
"""Values to choose from: numbers, names, or whole sections of a recipe."""
DottedName = Annotated[str, matching(r"\w+(\.\w+)*", "names with dots between them")]
"""A place in a recipe, such as ``training.learning_rate`` or ``network.convolutions.0.channels``.
"""

Number = Annotated[
    Annotated[int, Tag("[int]")] | Annotated[float, Tag("[float]")],
    Discriminator(lambda number: "[int]" if isinstance(number, int) else "[float]"),
]


class Range(Section):
    """Numbers to draw from, including both ends; integers if both ends are integers."""

    low: Number
    high: Number
    scale: Literal["linear", "log"]
    """``log``: equal ratios are equally probable."""

    @model_validator(mode="after")
    def _numbers_exist(self) -> "Range":
        if not (self.low < self.high and (self.scale == "linear" or self.low > 0)):
            raise PydanticCustomError("range", "must have low < high, and on a log scale low > 0")
        return self


Values = Annotated[
    Annotated[Choices, Tag("[list]")] | Annotated[Range, Tag("[range]")],
    Discriminator(lambda values: "[list]" if isinstance(values, list | tuple) else "[range]"),
]


Cluster = Annotated[
    str,
    matching(
        r"none|local|(tcp|tls)://[^\s/]+:\d+",
        "none, local, or the address of a Dask scheduler, such as tcp://127.0.0.1:8786",
    ),
]
"""Where the trainings run: in this process, in processes of this machine, or on a Dask cluster."""


class Grid(Section):
    """Every combination of the values."""

    strategy: Literal["grid"]
    cluster: Cluster = "none"


class Random(Section):
    """Combinations drawn at random; if all values are lists, without repetition."""

    strategy: Literal["random"]
    cluster: Cluster = "none"
    cells: Count
    """Number of combinations."""


class LearningCurve(Section):
    """Measurement of the accuracy with fewer training images."""

    images: Annotated[tuple[Count, ...], Field(min_length=1)]
    """Numbers of images; each class keeps its share."""


class Tuning(Section):
    """The variations to try, and how to measure them."""

    base: Name
    """The recipe of ``params.yaml`` whose other values every cell keeps."""
    seed: Seed
    """Seed of the folds and of the random choice."""
    folds: Annotated[int, within(2, 100)]
    """Number of parts of the training images; each validates a fit on the others."""
    search: Annotated[
        Annotated[Grid, Tag("[grid]")] | Annotated[Random, Tag("[random]")],
        chosen_by("strategy", "grid", "random"),
    ]
    space: Annotated[dict[DottedName, Values], Field(min_length=1)]
    """The values that a cell takes instead of the base recipe's."""
    learning_curve: LearningCurve

    @model_validator(mode="after")
    def _a_grid_is_finite(self) -> "Tuning":
        ranges = [name for name, values in self.space.items() if isinstance(values, Range)]
        if ranges and self.search.strategy == "grid":
            message = "space.{name} must be a list for a grid; a range needs a random choice"
            raise PydanticCustomError("search", message, {"name": ranges[0]})
        return self
