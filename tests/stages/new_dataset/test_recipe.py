from typing import Any

import pytest

from stages.new_dataset.recipe import fits, fitted
from stages.params.network import NetworkParams, layers
from tests.helpers import ROOT
from tests.small_mnist import yaml

RECIPES: dict[str, Any] = yaml.load(ROOT / "params.yaml")["recipes"]


def entry(images: int, side: int, classes: int = 10) -> dict[str, Any]:
    expectations = {"train_images": images, "height": side, "width": side}
    return {"classes": list(map(str, range(classes))), "expectations": expectations}


@pytest.mark.parametrize(
    ("images", "side", "expected"),
    [(60_000, 28, True), (60_000, 8, False), (60_000, 224, False), (15_000, 28, False)],
    ids=["mnist", "small images", "large images", "few images"],
)
def test_a_recipe_fits_images_like_those_of_mnist(images: int, side: int, expected: bool) -> None:
    assert fits(RECIPES["fast"], entry(images, side)) == expected


@pytest.mark.parametrize("images", [30, 200, 1500, 60_000, 8_100_000])
@pytest.mark.parametrize("side", [1, 2, 5, 8, 28, 64, 224, 512])
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_fitted_recipe_fits_any_data_set(images: int, side: int, recipe: str) -> None:
    of = entry(images, side)

    found = fitted(RECIPES[recipe], of)

    assert fits(found, of)
    network = NetworkParams.model_validate(found["network"], strict=False)
    *_, dense, _ = layers(network, (side, side), 10)
    assert dense.kernel[0] <= 8 * 8 * 128
    assert found["training"]["batch_size"] * 8 <= max(8, images)


def test_few_images_are_seen_more_often_in_smaller_batches() -> None:
    few, many = (fitted(RECIPES["fast"], entry(images, 28)) for images in (200, 60_000))

    # A sixth of 200 images validates: 167 are left, and a batch has at most an eighth of them.
    assert few["split"] == {"strategy": "stratified", "validation_images": 33}
    assert (few["training"]["epochs"], few["training"]["batch_size"]) == (100, 20)
    assert (many["training"]["epochs"], many["training"]["batch_size"]) == (3, 64)


def test_large_images_are_seen_less_often() -> None:
    """By hand: 250 steps of 20 of 167 images are 30 epochs."""
    assert fitted(RECIPES["fast"], entry(200, 224))["training"]["epochs"] == 30


def test_each_class_has_an_image_for_validation() -> None:
    assert fitted(RECIPES["fast"], entry(1800, 28, 600))["split"]["validation_images"] == 600
