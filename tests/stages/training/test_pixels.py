"""Pixels of any type, range and polarity are learned equally well."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.params.file import read_params
from stages.params.machine import Machine
from stages.params.recipe import Recipe
from stages.shared.artifacts import Array
from stages.training.batches import Examples
from stages.training.loop import TrainingLoop
from tests.helpers import LONG, ROOT

RECIPES = ("fast", "accurate")


class Pixels(NamedTuple):
    """How a data set stores images: as ``offset + scale * pixel``, of MNIST's 0 to 255."""

    dtype: str
    offset: float
    scale: float

    def of(self, images: Array) -> Array:
        """Store MNIST's images so."""
        return (self.offset + self.scale * images.astype(np.float64)).astype(self.dtype)


def integers(dtype: str, lowest: int, highest: int) -> st.SearchStrategy[Pixels]:
    """Draw a range of at least MNIST's 255 within these numbers, and which end is the ink."""

    def placed(scale: int) -> st.SearchStrategy[Pixels]:
        ends = (lowest, highest - 255 * scale) if scale > 0 else (lowest - 255 * scale, highest)
        return st.integers(*ends).map(lambda offset: Pixels(dtype, offset, scale))

    largest = min((highest - lowest) // 255, 60)
    scales = st.integers(1, largest)
    return st.one_of(scales, scales.map(lambda scale: -scale)).flatmap(placed)


def reals(dtype: str) -> st.SearchStrategy[Pixels]:
    """Draw a range from thousandths to thousands, no further from 0 than ten times its length."""
    scales = st.floats(1e-5, 10).flatmap(lambda scale: st.sampled_from([scale, -scale]))
    return scales.flatmap(
        lambda scale: st.floats(-10, 10).map(lambda by: Pixels(dtype, by * 255 * scale, scale))
    )


PIXELS = st.one_of(
    integers("uint8", 0, 255),
    integers("int8", -128, 127),
    integers("int16", -(2**15), 2**15 - 1),
    integers("int32", -(10**6), 10**6),
    reals("float32"),
    reals("float64"),
)


def right(recipe: Recipe, machine: Machine, arrays: dict[str, Array]) -> int:
    """Train four epochs on the small MNIST, and count the right answers of its 200 test images."""
    images = arrays["train_images"]
    training = recipe.training.model_copy(update={"epochs": 4})
    classifier = Classifier(recipe.network, measure(images), 10, recipe.seed)
    examples = Examples(images, arrays["train_labels"])
    TrainingLoop(classifier, training, machine, examples).run()
    found = classifier.labels(arrays["test_images"])
    return int((found == arrays["test_labels"]).sum())


@pytest.fixture(scope="session")
def of_mnist(small_mnist: dict[str, Array]) -> dict[str, int]:
    """The right answers of each recipe with the pixels as MNIST stores them."""
    parameters = read_params(ROOT / "params.yaml")
    return {
        name: right(parameters.recipes[name], parameters.machine, small_mnist) for name in RECIPES
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
@settings(
    max_examples=100 if LONG else 5,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(pixels=PIXELS)
def test_pixels_of_any_type_range_and_polarity_give_the_same_accuracy(
    name: str, pixels: Pixels, small_mnist: dict[str, Array], of_mnist: dict[str, int]
) -> None:
    parameters = read_params(ROOT / "params.yaml")
    arrays = {
        key: pixels.of(array) if key.endswith("images") else array
        for key, array in small_mnist.items()
    }

    found = right(parameters.recipes[name], parameters.machine, arrays)

    # Rounding in other places may change 1 % of the answers.
    assert abs(found - of_mnist[name]) <= 2
