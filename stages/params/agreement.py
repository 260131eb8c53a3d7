"""Check that the sections of ``params.yaml`` fit each other, before anything is fetched."""

import math
from collections.abc import Iterator
from typing import TypeVar

from stages.params.dataset import Dataset
from stages.params.network import NetworkError, NetworkParams, layers
from stages.params.split import Split
from stages.shared.parameters import ParameterError, Parameters
from stages.shared.section import Section

AnySection = TypeVar("AnySection", bound=Section)
# Bytes of a value in an IDX file.
_VALUE_SIZES = (1, 2, 4, 8)


def disagreements(parameters: Parameters) -> list[str]:
    """Say what does not fit the chosen data set, in clauses.

    Sections that are invalid by themselves are left out.
    """
    dataset = _valid(parameters, "dataset", Dataset)
    if dataset is None:
        return []
    found = list(_of_dataset(dataset, f"datasets.{parameters.name('dataset')}"))
    split = _valid(parameters, "recipe", Split, "split")
    network = _valid(parameters, "recipe", NetworkParams, "network")
    if split:
        found += _of_split(split, dataset, f"recipes.{parameters.name('recipe')}.split")
    if network:
        found += _of_network(network, dataset, f"recipes.{parameters.name('recipe')}")
    return found


def _valid(
    parameters: Parameters, choice: str, kind: type[AnySection], *place: str
) -> AnySection | None:
    try:
        return parameters.chosen(choice, kind, *place)
    except ParameterError:
        return None


def _of_dataset(dataset: Dataset, place: str) -> Iterator[str]:
    expected, files, classes = dataset.expectations, dataset.files, len(dataset.classes)
    shape = expected.image_shape
    header_of_images, pixels = 8 + 4 * len(shape), math.prod(shape)
    parts = [
        ("train_images", files.train_images, header_of_images, expected.train_images * pixels),
        ("test_images", files.test_images, header_of_images, expected.test_images * pixels),
    ]
    # The number of columns of a table of labels is not known.
    if expected.label_column is None:
        parts += [
            ("train_labels", files.train_labels, 8, expected.train_images),
            ("test_labels", files.test_labels, 8, expected.test_images),
        ]
    for name, file, header, values in parts:
        if file.bytes - header not in {size * values for size in _VALUE_SIZES}:
            yield (
                f"{place}.files.{name}.bytes must be {header} for the header, and 1, 2, 4 or 8 for "
                f"each of the {values} values that expectations gives, found {file.bytes}"
            )
    low, high = expected.class_share_minimum, expected.class_share_maximum
    # Shares are rounded in params.yaml.
    if not low - 1e-9 <= 1 / classes <= high + 1e-9:
        yield (
            f"{place}.expectations: class_share_minimum and class_share_maximum must enclose "
            f"{1 / classes:.4g}, the mean share of {classes} classes, found {low} and {high}"
        )


def _of_split(split: Split, dataset: Dataset, place: str) -> Iterator[str]:
    images, classes = dataset.expectations.train_images, len(dataset.classes)
    few = classes if split.strategy == "stratified" else 1
    if not few <= split.validation_images <= images - few:
        yield (
            f"{place}.validation_images must be from {few} to {images - few}, of {images} training "
            f"images, found {split.validation_images}"
        )


def _of_network(network: NetworkParams, dataset: Dataset, place: str) -> Iterator[str]:
    try:
        layers(network, dataset.expectations.image_shape, len(dataset.classes))
    except NetworkError as error:
        yield f"{place}.{str(error).removesuffix('.')}"
