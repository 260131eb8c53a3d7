import io
from collections.abc import Callable

import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from stages.reporting.style import png
from stages.shared.artifacts import Array


@pytest.fixture
def images(small_mnist: dict[str, Array]) -> Array:
    return small_mnist["train_images"]


@pytest.fixture
def labels(small_mnist: dict[str, Array]) -> Array:
    return small_mnist["train_labels"]


@pytest.fixture
def pixels() -> Callable[[Figure], Array]:
    """Draw a figure: ``(height, width, 4)`` float32, from 0 to 1."""

    def pixels(figure: Figure) -> Array:
        return imread(io.BytesIO(png(figure)), format="png")

    return pixels
