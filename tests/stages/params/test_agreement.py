from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stages.params.file import read_params
from stages.shared.parameters import ParameterError

Edit = Callable[[Path, str, Any], None]


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist"])
@pytest.mark.parametrize("recipe", ["quick", "fast", "tutorial", "accurate"])
def test_recipes_and_data_sets_of_the_project_fit_each_other(
    project_params: Path, edit: Edit, dataset: str, recipe: str
) -> None:
    edit(project_params, "dataset", dataset)
    edit(project_params, "recipe", recipe)

    assert read_params(project_params).recipe == recipe


# Of MNIST: 60,000 images of 28 x 28 pixels in ten classes.
WRONG = {
    "a split of all images": (
        "recipes.fast.split.validation_images",
        60_000,
        "recipes.fast.split.validation_images must be from 1 to 59999, of 60000 training images, "
        "found 60000",
    ),
    "a kernel larger than what reaches it": (
        "recipes.fast.network.convolutions.1.kernel",
        13,
        "recipes.fast.network.convolutions.1.kernel does not fit: expected at most 12 for the "
        "12x12 pixels that reach it, found 13; make it smaller or its padding SAME",
    ),
    "the number of other images": (
        "datasets.mnist.expectations.test_images",
        1000,
        "datasets.mnist.files.test_images.bytes must be 16 for the header, and 1, 2, 4 or 8 for "
        "each of the 784000 values that expectations gives, found 7840016; "
        "datasets.mnist.files.test_labels.bytes must be 8 for the header, and 1, 2, 4 or 8 for "
        "each of the 1000 values that expectations gives, found 10008",
    ),
    "shares that ten classes cannot have": (
        "datasets.mnist.expectations.class_share_minimum",
        0.11,
        "datasets.mnist.expectations: class_share_minimum and class_share_maximum must enclose "
        "0.1, the mean share of 10 classes, found 0.11 and 0.12",
    ),
}


@pytest.mark.parametrize(("place", "value", "clause"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_the_data_set_is_refused(
    project_params: Path, edit: Edit, place: str, value: Any, clause: str
) -> None:
    edit(project_params, place, value)

    with pytest.raises(ParameterError) as caught:
        read_params(project_params)

    assert str(caught.value) == f"{project_params}: {clause}."


def test_a_stratified_split_has_an_image_of_each_class(project_params: Path, edit: Edit) -> None:
    edit(project_params, "recipes.fast.split", {"strategy": "stratified", "validation_images": 9})

    with pytest.raises(ParameterError, match="must be from 10 to 59990"):
        read_params(project_params)


def test_all_faults_are_named_at_once(project_params: Path, edit: Edit) -> None:
    edit(project_params, "recipes.fast.training.epochs", 0)
    for place, value, _ in WRONG.values():
        edit(project_params, place, value)

    with pytest.raises(ParameterError) as caught:
        read_params(project_params)

    message = str(caught.value)
    assert message.startswith(
        f"{project_params}: recipes.fast.training.epochs must be from 1 to 10000"
    )
    assert message.count(str(project_params)) == 1
    for clause in (
        "validation_images must be",
        "kernel does not fit",
        "test_images.bytes must be",
        "must enclose",
    ):
        assert message.count(clause) == 1


def test_what_is_not_chosen_need_not_fit(project_params: Path, edit: Edit) -> None:
    edit(project_params, "recipes.tutorial.split.validation_images", 60_000)
    edit(project_params, "datasets.fashion-mnist.expectations.test_images", 1000)

    assert read_params(project_params).dataset == "mnist"


def test_files_of_colours_have_three_values_for_each_pixel(
    project_params: Path, edit: Edit
) -> None:
    edit(project_params, "datasets.mnist.expectations.channels", 3)
    for name, images in (("train", 60_000), ("test", 10_000)):
        edit(project_params, f"datasets.mnist.files.{name}_images.bytes", 20 + images * 28 * 28 * 3)

    assert read_params(project_params).chosen_dataset.expectations.image_shape == (28, 28, 3)
