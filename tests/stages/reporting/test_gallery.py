from collections.abc import Callable
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from stages.reporting import gallery, style
from stages.shared.artifacts import Array

Pixels = Callable[[Figure], Array]

DIGITS = tuple("0123456789")
CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


def answers(count: int, *, wrong: bool = False) -> pd.DataFrame:
    labels = np.arange(count) % 10
    table = {"index": np.arange(count), "label": labels, "predicted": (labels + wrong) % 10}
    return pd.DataFrame(table)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


Draw = Callable[[Array, Array], Figure]
DRAWINGS: dict[str, Draw] = {
    "data_grid": lambda images, labels: gallery.data_grid(images, labels, DIGITS),
    "lookalikes": lambda images, labels: gallery.lookalikes(images, labels, DIGITS, "5", "3"),
    "first_predictions": lambda images, _: gallery.first_predictions(images, answers(20), DIGITS),
    "misclassified": lambda images, _: gallery.misclassified(
        images, answers(50, wrong=True), DIGITS
    ),
}


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_the_same_images_give_the_same_bytes(draw: Draw, images: Array, labels: Array) -> None:
    assert style.png(draw(images, labels)) == style.png(draw(images, labels))


@pytest.mark.parametrize("name", DRAWINGS)
def test_other_images_give_another_picture(name: str, images: Array, labels: Array) -> None:
    assert style.png(DRAWINGS[name](images, labels)) != style.png(
        DRAWINGS[name](images[:, ::-1], labels)
    )


def test_ink_is_dark_on_white_and_each_pixel_becomes_four_by_four(
    images: Array, labels: Array, pixels: Pixels
) -> None:
    picture = pixels(gallery.data_grid(images, labels, DIGITS))[..., 0]

    first_zero = images[np.flatnonzero(labels == 0)[0]]
    tile = picture[40:152:4, 16:128:4]
    np.testing.assert_allclose(tile, 1 - first_zero / 255, atol=0.02)
    assert (picture[:, :16] == 1).all()


def test_pixels_of_any_type_look_as_bytes_do(images: Array, labels: Array, pixels: Pixels) -> None:
    as_bytes = pixels(gallery.data_grid(images, labels, DIGITS))

    for other in (images / 255 - 0.5, images.astype(np.int32) * 257 - 9000):
        picture = pixels(gallery.data_grid(other, labels, DIGITS))
        np.testing.assert_allclose(picture, as_bytes, atol=0.01)


def test_the_grid_is_headed_by_the_names_and_has_five_rows(images: Array, labels: Array) -> None:
    figure = gallery.data_grid(images, labels, CLOTHES)

    assert texts(figure) == list(CLOTHES)
    assert len(figure.axes[0].images) == 50


def test_classes_with_few_images_leave_their_places_white(images: Array) -> None:
    figure = gallery.data_grid(images[:3], np.array([0, 0, 1]), ("even", "odd", "neither"))

    assert texts(figure) == ["even", "odd", "neither"]
    assert len(figure.axes[0].images) == 3


def test_half_of_the_lookalikes_are_said_to_be_like_the_other_class(
    images: Array, labels: Array
) -> None:
    figure = gallery.lookalikes(images, labels, CLOTHES, "Shirt", "T-shirt/top")

    assert texts(figure) == ["typical"] * 5 + ["like T-shirt/top"] * 5


def test_a_class_without_images_has_no_lookalikes(images: Array) -> None:
    figure = gallery.lookalikes(images[:1], np.array([0]), DIGITS, "5", "3")

    assert texts(figure) == ["There is no image of 5."]


def test_the_first_ten_test_images_bear_their_predicted_class_and_whether_it_is_right(
    images: Array,
) -> None:
    table = answers(200)
    table.loc[1, "predicted"] = 9

    shown = texts(gallery.first_predictions(images, table, CLOTHES))

    assert len(shown) == 10
    assert shown[:2] == ["T-shirt/top\n✓ right", "Ankle boot\n✗ was Trouser"]


def test_a_misclassified_digit_is_labelled_predicted_was_actual(images: Array) -> None:
    shown = texts(gallery.misclassified(images, answers(2, wrong=True), DIGITS))

    assert shown == ["1 (was 0)", "2 (was 1)"]


@pytest.mark.parametrize(("errors", "shown"), [(1, 1), (13, 13), (40, 40), (41, 40)])
def test_all_errors_are_shown_or_the_first_forty(images: Array, errors: int, shown: int) -> None:
    figure = gallery.misclassified(images, answers(errors, wrong=True), CLOTHES)

    assert len(figure.axes[0].images) == len(texts(figure)) == shown


def test_a_picture_without_errors_has_a_note(images: Array, pixels: Pixels) -> None:
    figure = gallery.misclassified(images, answers(0), DIGITS)

    assert texts(figure) == ["No test image is misclassified."]
    assert pixels(figure).shape[1] == 960


@pytest.mark.parametrize(
    "classes", [DIGITS, CLOTHES, [f"a name of many words, number {n}" for n in range(10)]]
)
@pytest.mark.parametrize("name", ["data_grid", "misclassified", "first_predictions"])
def test_captions_neither_overlap_nor_leave_the_picture(
    name: str, classes: list[str], images: Array, labels: Array
) -> None:
    figure = {
        "data_grid": lambda: gallery.data_grid(images, labels, classes),
        "misclassified": lambda: gallery.misclassified(images, answers(9, wrong=True), classes),
        "first_predictions": lambda: gallery.first_predictions(images, answers(10), classes),
    }[name]()
    figure.set_dpi(style.DPI)
    with mpl.rc_context({"font.size": style.POINTS}):
        boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    width, height = figure.bbox.size

    captions = [box for box in boxes if box.width]
    assert captions
    assert all(box.x0 >= 0 and box.x1 <= width and box.y1 <= height for box in captions)
    for left, right in pairwise(captions):
        assert left.x1 < right.x0 or right.y1 < left.y0


@pytest.mark.parametrize("size", [(1, 1), (40, 8), (8, 40), (300, 300)])
def test_images_of_any_size_fill_tiles_of_the_same_size(
    size: tuple[int, int], pixels: Pixels
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, *size), np.uint8)

    figure = gallery.data_grid(images, np.array([0, 1, 0, 1]), ("a", "b"))

    assert pixels(figure).shape[1] == 16 + 2 * 128
    left, right, bottom, top = figure.axes[0].images[0].get_extent()
    assert max(right - left, bottom - top) == 112
    assert (bottom - top) * size[1] == pytest.approx((right - left) * size[0])


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_colours_are_shown_as_they_are(dtype: str, pixels: Pixels) -> None:
    images = np.zeros((2, 28, 28, 3), dtype)
    images[0, ..., 0] = images[1, ..., 2] = 100

    picture = pixels(gallery.data_grid(images, np.array([0, 1]), ("red", "blue")))

    assert picture[100, 72, :3].tolist() == [1, 0, 0]
    assert picture[100, 200, :3].tolist() == [0, 0, 1]
