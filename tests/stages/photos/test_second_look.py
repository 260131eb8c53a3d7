"""The network is stood in for by a comparison with three images of digits."""

import numpy as np
import pytest
from scipy import ndimage

from stages.photos.centring import centred
from stages.photos.handwriting import Handwriting
from stages.photos.second_look import look_again
from stages.serving.description import ImageFormat
from stages.shared.artifacts import Array
from stages.shared.doubt import Doubt

FORM = ImageFormat(
    height=28, width=28, dtype="uint8", minimum=0.0, maximum=255.0, background="minimum"
)
DOUBT = Doubt(sure_from=0.6, digit_from=0.4)


@pytest.fixture(scope="module")
def digits(small_mnist: dict[str, Array]) -> Array:
    """A 2, a 4 and a 7, enlarged: ink from 0 to 1."""
    labels = small_mnist["test_labels"]
    chosen = [small_mnist["test_images"][np.flatnonzero(labels == label)[0]] for label in (2, 4, 7)]
    return np.stack([ndimage.zoom(image / 255, 4, order=1) for image in chosen]).clip(0, 1)


@pytest.fixture(scope="module")
def known(digits: Array) -> Array:
    return np.stack([centred(ink.astype(np.float32), 28) for ink in digits])


@pytest.fixture(scope="module")
def classify(known: Array) -> "Compare":
    return Compare(known)


class Compare:
    """Is the more confident of a class, the more an image is correlated with that class's image."""

    def __init__(self, known: Array) -> None:
        self._known = known.reshape(len(known), -1).astype(float)

    def __call__(self, images: Array) -> Array:
        flat = images.reshape(len(images), -1).astype(float)
        alike = np.corrcoef(flat, self._known)[: len(flat), len(flat) :]
        confidence: Array = np.clip(alike, 0, None)
        return confidence


def seen(ink: Array) -> Handwriting:
    """One mark of this ink, as it is read from a picture."""
    rows, columns = (np.flatnonzero((ink > 0.3).any(axis)) for axis in (1, 0))
    tight = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)
    image, strokes = centred(tight, 28), np.rint(255 * tight).astype(np.uint8)
    unchanged = {"a.png": np.zeros(1, bool)}
    return Handwriting({"a.png": image[np.newaxis]}, {}, {"a.png": [strokes]}, unchanged)


def test_a_digit_that_is_sure_stays_as_it_is(digits: Array, classify: Compare) -> None:
    found = seen(digits[0])

    again = look_again(found, classify, FORM, DOUBT)

    np.testing.assert_array_equal(again.digits["a.png"], found.digits["a.png"])
    assert again.changes.tolist() == [False]


@pytest.mark.parametrize("degrees", [-38, -30, 30, 38])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_rotated_digit_is_put_upright(
    number: int, degrees: int, digits: Array, classify: Compare
) -> None:
    rotated = ndimage.rotate(digits[number], degrees, order=1).clip(0, 1)

    again = look_again(seen(rotated), classify, FORM, DOUBT)

    (image,) = again.digits["a.png"]
    assert again.changes.tolist() == [True]
    (before,), (after,) = classify(seen(rotated).digits["a.png"]), classify(image[None])
    assert before.max() < DOUBT.sure_from
    assert after.argmax() == number
    assert after.max() >= DOUBT.sure_from


def test_two_digits_that_touch_are_cut(digits: Array, classify: Compare) -> None:
    first, second = (digit[:, digit.any(axis=0)] for digit in digits[[1, 2]])
    touching = np.concatenate([first, second], axis=1)

    again = look_again(seen(touching), classify, FORM, DOUBT)

    images = again.digits["a.png"]
    assert again.names == ["a.png", "a.png"]
    assert again.changes.tolist() == [True, True]
    assert classify(images).argmax(axis=1).tolist() == [1, 2]


def test_what_no_reading_makes_sure_stays_as_it_is(classify: Compare) -> None:
    ring = np.hypot(*(np.mgrid[:100, :100] - 49.5))
    found = seen((np.abs(ring - 40) < 6).astype(float))

    again = look_again(found, classify, FORM, DOUBT)

    np.testing.assert_array_equal(again.digits["a.png"], found.digits["a.png"])


def test_a_rotation_needs_the_agreement_of_the_next_one(digits: Array) -> None:
    def classify(images: Array) -> Array:
        """Be sure of the second of several images, whatever it shows."""
        probabilities = np.full((len(images), 2), 0.5)
        probabilities[1:2] = 0, 1
        return probabilities

    narrow = seen(digits[0][:, 30:70])

    again = look_again(narrow, classify, FORM, DOUBT)

    np.testing.assert_array_equal(again.digits["a.png"], narrow.digits["a.png"])


@pytest.mark.parametrize("strength", [0, 40, 80, 255])
@pytest.mark.parametrize("shape", [(1, 1), (60, 1), (1, 60), (90, 100)])
def test_faint_and_thin_marks_are_no_error(
    shape: tuple[int, int], strength: int, classify: Compare
) -> None:
    strokes = np.zeros(shape, np.uint8)
    np.fill_diagonal(strokes, strength)
    image = np.full((1, 28, 28), 1, np.uint8) * np.arange(28, dtype=np.uint8)
    found = Handwriting({"a": image}, {}, {"a": [strokes]}, {"a": np.zeros(1, bool)})

    again = look_again(found, classify, FORM, Doubt(sure_from=1, digit_from=0.4))

    np.testing.assert_array_equal(again.digits["a"], image)


def test_the_network_is_shown_images_of_its_data_set(digits: Array, classify: Compare) -> None:
    dark = FORM.model_copy(update={"dtype": "float32", "maximum": 1.0, "background": "maximum"})
    rotated = seen(ndimage.rotate(digits[0], 35, order=1).clip(0, 1))

    def of_dark_ink(images: Array) -> Array:
        assert images.dtype == np.float32
        return classify(255 * (1 - images))

    expected = look_again(rotated, classify, FORM, DOUBT)
    again = look_again(rotated, of_dark_ink, dark, DOUBT)

    assert again.changes.tolist() == [True]
    np.testing.assert_array_equal(again.digits["a.png"], expected.digits["a.png"])


def test_without_calibration_nothing_is_looked_at_again(digits: Array, classify: Compare) -> None:
    found = seen(digits[0])

    assert look_again(found, classify, FORM, None) is found


def test_pictures_without_digits_stay_in_their_place(digits: Array, classify: Compare) -> None:
    one, none = seen(digits[0]), np.empty((0, 28, 28), np.uint8)
    found = Handwriting({"0.png": none, **one.digits}, {}, {"0.png": [], **one.strokes}, {})

    again = look_again(found, classify, FORM, DOUBT)

    assert {name: len(images) for name, images in again.digits.items()} == {"0.png": 0, "a.png": 1}
