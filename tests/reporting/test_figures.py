import io
from collections.abc import Callable
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

from stages.artifacts import Array
from stages.reporting import figures

DIGITS = tuple("0123456789")
CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
HISTORY = pd.DataFrame({"epoch": [1, 2, 3], "loss": [0.4, 0.1, 0.05], "accuracy": [0.9, 0.97, 1]})
RETRAINED = pd.DataFrame({"epoch": [1, 2, 3], "loss": [0.3, 0.1, 0.04]})
COUNTS = np.full((10, 10), 2) + np.diag(np.full(10, 995))


def answers(count: int, *, wrong: bool = False) -> pd.DataFrame:
    labels = np.arange(count) % 10
    table = {"index": np.arange(count), "label": labels, "predicted": (labels + wrong) % 10}
    return pd.DataFrame(table)


def pixels(figure: Figure) -> Array:
    return imread(io.BytesIO(figures.png(figure)), format="png")


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


@pytest.fixture
def images(small_mnist: dict[str, Array]) -> Array:
    return small_mnist["train_images"]


@pytest.fixture
def labels(small_mnist: dict[str, Array]) -> Array:
    return small_mnist["train_labels"]


Draw = Callable[[Array, Array], Figure]
DRAWINGS: dict[str, Draw] = {
    "data_grid": lambda images, labels: figures.data_grid(images, labels, DIGITS),
    "lookalikes": lambda images, labels: figures.lookalikes(images, labels, DIGITS, "5", "3"),
    "first_predictions": lambda images, _: figures.first_predictions(images, answers(20), DIGITS),
    "misclassified": lambda images, _: figures.misclassified(
        images, answers(50, wrong=True), DIGITS
    ),
    "history": lambda *_: figures.history(HISTORY, RETRAINED),
    "confusion_matrix": lambda *_: figures.confusion_matrix(COUNTS, DIGITS),
}


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_the_same_input_gives_the_same_bytes(draw: Draw, images: Array, labels: Array) -> None:
    first = figures.png(draw(images, labels))
    # Settings of the machine's own must not show.
    with mpl.rc_context({"font.size": 20, "lines.linewidth": 9, "savefig.facecolor": "red"}):
        second = figures.png(draw(images, labels))

    assert first == second
    assert b"Software" not in first


@pytest.mark.parametrize("name", ["data_grid", "lookalikes", "first_predictions", "misclassified"])
def test_other_images_give_another_picture(name: str, images: Array, labels: Array) -> None:
    assert figures.png(DRAWINGS[name](images, labels)) != figures.png(
        DRAWINGS[name](images[:, ::-1], labels)
    )


def test_ink_is_dark_on_white_and_each_pixel_becomes_four_by_four(
    images: Array, labels: Array
) -> None:
    picture = pixels(figures.data_grid(images, labels, DIGITS))[..., 0]

    first_zero = images[np.flatnonzero(labels == 0)[0]]
    tile = picture[40:152:4, 16:128:4]
    np.testing.assert_allclose(tile, 1 - first_zero / 255, atol=0.02)
    assert (picture[:, :16] == 1).all()


def test_pixels_of_any_type_look_as_bytes_do(images: Array, labels: Array) -> None:
    as_bytes = pixels(figures.data_grid(images, labels, DIGITS))

    for other in (images / 255 - 0.5, images.astype(np.int32) * 257 - 9000):
        picture = pixels(figures.data_grid(other, labels, DIGITS))
        np.testing.assert_allclose(picture, as_bytes, atol=0.01)


def test_the_grid_is_headed_by_the_names_and_has_five_rows(images: Array, labels: Array) -> None:
    figure = figures.data_grid(images, labels, CLOTHES)

    assert texts(figure) == list(CLOTHES)
    assert len(figure.axes[0].images) == 50


def test_classes_with_few_images_leave_their_places_white(images: Array) -> None:
    figure = figures.data_grid(images[:3], np.array([0, 0, 1]), ("even", "odd", "neither"))

    assert texts(figure) == ["even", "odd", "neither"]
    assert len(figure.axes[0].images) == 3


def test_half_of_the_lookalikes_are_said_to_be_like_the_other_class(
    images: Array, labels: Array
) -> None:
    figure = figures.lookalikes(images, labels, CLOTHES, "Shirt", "T-shirt/top")

    assert texts(figure) == ["typical"] * 5 + ["like T-shirt/top"] * 5


def test_a_class_without_images_has_no_lookalikes(images: Array) -> None:
    figure = figures.lookalikes(images[:1], np.array([0]), DIGITS, "5", "3")

    assert texts(figure) == ["There is no image of 5."]


def test_the_first_ten_test_images_bear_their_predicted_class_and_whether_it_is_right(
    images: Array,
) -> None:
    table = answers(200)
    table.loc[1, "predicted"] = 9

    shown = texts(figures.first_predictions(images, table, CLOTHES))

    assert len(shown) == 10
    assert shown[:2] == ["T-shirt/top\n✓ right", "Ankle boot\n✗ was Trouser"]


def test_a_misclassified_digit_is_labelled_predicted_was_actual(images: Array) -> None:
    shown = texts(figures.misclassified(images, answers(2, wrong=True), DIGITS))

    assert shown == ["1 (was 0)", "2 (was 1)"]


@pytest.mark.parametrize(("errors", "shown"), [(1, 1), (13, 13), (40, 40), (41, 40)])
def test_all_errors_are_shown_or_the_first_forty(images: Array, errors: int, shown: int) -> None:
    figure = figures.misclassified(images, answers(errors, wrong=True), CLOTHES)

    assert len(figure.axes[0].images) == len(texts(figure)) == shown


def test_without_errors_the_picture_says_so(images: Array) -> None:
    figure = figures.misclassified(images, answers(0), DIGITS)

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
        "data_grid": lambda: figures.data_grid(images, labels, classes),
        "misclassified": lambda: figures.misclassified(images, answers(9, wrong=True), classes),
        "first_predictions": lambda: figures.first_predictions(images, answers(10), classes),
    }[name]()
    figure.set_dpi(figures.DPI)
    with mpl.rc_context({"font.size": figures.POINTS}):
        boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    width, height = figure.bbox.size

    captions = [box for box in boxes if box.width]
    assert captions
    assert all(box.x0 >= 0 and box.x1 <= width and box.y1 <= height for box in captions)
    for left, right in pairwise(captions):
        assert left.x1 < right.x0 or right.y1 < left.y0


@pytest.mark.parametrize("size", [(1, 1), (40, 8), (8, 40), (300, 300)])
def test_images_of_any_size_fill_tiles_of_the_same_size(size: tuple[int, int]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, *size), np.uint8)

    figure = figures.data_grid(images, np.array([0, 1, 0, 1]), ("a", "b"))

    assert pixels(figure).shape[1] == 16 + 2 * 128
    left, right, bottom, top = figure.axes[0].images[0].get_extent()
    assert max(right - left, bottom - top) == 112
    assert (bottom - top) * size[1] == pytest.approx((right - left) * size[0])


def test_loss_stands_on_the_left_and_accuracy_on_the_right() -> None:
    left, right = figures.history(HISTORY, RETRAINED).axes

    assert left.get_ylabel() == "Loss (mean cross-entropy)"
    assert right.get_ylabel() == "Validation accuracy"
    assert [list(line.get_ydata()) for line in left.lines] == [[0.4, 0.1, 0.05], [0.3, 0.1, 0.04]]
    assert [line.get_linestyle() for line in left.lines] == ["-", "--"]
    assert [list(line.get_ydata()) for line in right.lines] == [[0.9, 0.97, 1]]
    assert right.get_ylim()[1] == 1


@pytest.mark.parametrize("epochs", [1, 2, 3, 30])
def test_epochs_are_whole_numbers(epochs: int) -> None:
    numbers = np.arange(1, epochs + 1)
    figure = figures.history(
        pd.DataFrame({"epoch": numbers, "loss": 1 / numbers, "accuracy": 1 - 1 / (numbers + 1)})
    )
    low, high = figure.axes[0].get_xlim()

    ticks = [tick for tick in figure.axes[0].get_xticks() if low <= tick <= high]
    assert ticks
    assert all(tick == int(tick) and 1 <= tick <= epochs for tick in ticks)
    assert pixels(figure).shape == (576, 1200, 4)


def test_the_confusion_matrix_has_every_count_but_zeros_and_names_both_sides() -> None:
    figure = figures.confusion_matrix(np.array([[95, 5], [0, 80]]), ("Shirt", "Bag"))
    axes = figure.axes[0]

    assert [(text.get_text(), *text.get_position()) for text in axes.texts] == [
        ("95", 0, 0), ("5", 1, 0), ("80", 1, 1),
    ]  # fmt: skip
    assert [label.get_text() for label in axes.get_xticklabels()] == ["Shirt", "Bag"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Shirt", "Bag"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Predicted class", "Actual class")


def test_many_right_answers_do_not_drown_the_wrong_ones() -> None:
    def shades(right: int) -> Array:
        counts = np.array([[right, 1, 20], [0, right, 0], [0, 0, right]])
        shown: Array = figures.confusion_matrix(counts, "abc").axes[0].images[0].get_array()
        return shown[..., 1]

    few, many = shades(30), shades(60_000)

    np.testing.assert_array_equal(few, many)
    nothing, one, twenty = many[1, 0], many[0, 1], many[0, 2]
    assert nothing == 1
    assert twenty < one < nothing - 0.05


@pytest.mark.parametrize("number", [2, 20])
def test_a_matrix_of_any_number_of_classes_fits_names_of_any_length(number: int) -> None:
    names = [f"a name of rather many words, {n}" for n in range(number)]

    figure = figures.confusion_matrix(np.zeros((number, number), int), names)

    # Where names leave no room for the cells, matplotlib warns, and warnings are errors here.
    height, width, _ = pixels(figure).shape
    axes = figure.axes[0].get_window_extent()
    assert height == width
    assert axes.width / number > 30


def test_a_dollar_in_a_name_is_a_dollar(images: Array) -> None:
    figure = figures.data_grid(images[:2], np.array([0, 1]), ("$", "a $_b$"))

    assert not any(text.get_parse_math() for text in figure.axes[0].texts)
    assert pixels(figure).size
