import itertools

import numpy as np
import pytest
from scipy import ndimage

from stages.photos.centring import centred
from stages.shared.artifacts import Array


def bar(height: int, width: int, margin: int = 0) -> Array:
    return np.pad(np.ones((height, width), np.float32), margin)


@pytest.mark.parametrize(
    ("height", "width", "rows", "columns"),
    [(100, 20, 20, 4), (20, 100, 4, 20), (10, 4, 20, 8), (300, 300, 20, 20)],
)
def test_the_box_is_filled_and_the_aspect_kept(
    height: int, width: int, rows: int, columns: int
) -> None:
    image = centred(bar(height, width, margin=7), 28)

    inked = image > 127
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert (inked.any(axis=1).sum(), inked.any(axis=0).sum()) == (rows, columns)
    assert image.max() == 255


def test_the_centre_of_mass_is_in_the_middle() -> None:
    # A head that is heavier than the stem, as that of a 9.
    nine = np.zeros((100, 50), np.float32)
    nine[:45], nine[:, 38:] = 1, 1

    row, column = ndimage.center_of_mass(centred(nine, 28).astype(float))

    assert (row, column) == pytest.approx((14, 14), abs=0.51)


def test_the_digits_of_mnist_stay_what_they_are(small_mnist: dict[str, Array]) -> None:
    for image in small_mnist["test_images"][:50]:
        strokes = np.pad(image, 3).astype(np.float32).repeat(6, 0).repeat(6, 1) / 255

        again = centred(strokes, 28)

        # Where the centre of mass lies between two pixels, either may be taken.
        shifts = itertools.product((-1, 0, 1), repeat=2)
        shifted = [np.roll(again, shift, axis=(0, 1)).ravel() for shift in shifts]
        assert max(np.corrcoef(image.ravel(), other)[0, 1] for other in shifted) > 0.8


def test_the_digits_lie_where_those_of_mnist_do(small_mnist: dict[str, Array]) -> None:
    images = small_mnist["test_images"][:100].astype(np.float32) / 255
    enlarged = images.repeat(4, axis=1).repeat(4, axis=2)

    again = np.array([centred(image, 28) for image in enlarged])

    original, ours = (
        np.mean([ndimage.center_of_mass(image) for image in stack], axis=0)
        for stack in (images, again.astype(np.float32))
    )
    np.testing.assert_allclose(ours, original, atol=0.15)


def test_a_thin_pen_is_thickened_to_one_of_mnist() -> None:
    hair = np.zeros((400, 300), np.float32)
    hair[10:390, 10:12] = hair[10:12, 10:290] = 1

    image = centred(hair, 28) / 255

    # Twenty rows of the upright stroke, each about two pixels wide.
    assert image[14:22].sum(axis=1).mean() == pytest.approx(2, abs=0.5)


def test_faint_grain_around_the_strokes_is_left_aside() -> None:
    grainy = bar(60, 60, margin=40) + np.float32(0.2)

    assert (centred(grainy.clip(0, 1), 28) > 127).sum() == 400
