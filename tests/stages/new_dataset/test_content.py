import numpy as np
import pytest

from stages.new_dataset.content import (
    ContentError,
    Set,
    as_set,
    held_out,
    idx_images,
    label_column,
    numbered,
)
from stages.shared.artifacts import Array


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("bool", "uint8"),
        ("uint8", "uint8"),
        ("int8", "int8"),
        ("int16", "int8"),
        ("float16", "float32"),
        ("float32", "float32"),
        ("float64", "float64"),
    ],
)
def test_images_get_the_smallest_type_that_holds_them(given: str, kept: str) -> None:
    images = np.arange(2 * 3 * 4).reshape(2, 3, 4).astype(given)

    found = idx_images(images)

    assert found.dtype.name == kept
    np.testing.assert_array_equal(found, images)


@pytest.mark.parametrize(
    ("low", "high", "kept"), [(-129, 0, "int16"), (0, 40_000, "int32"), (-(2**31), 0, "int32")]
)
def test_whole_numbers_get_more_bytes_only_where_needed(low: int, high: int, kept: str) -> None:
    images = np.array([[[low, high]]], np.int64)

    assert idx_images(images).dtype.name == kept


def test_pixels_of_more_than_32_bits_are_refused() -> None:
    with pytest.raises(ContentError, match="expected pixels that fit into 32 bits, found 0 to 2"):
        idx_images(np.array([[[0, 2**31]]], np.int64))


def test_colours_stay_as_they_are() -> None:
    images = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)

    np.testing.assert_array_equal(idx_images(images), images)


@pytest.mark.parametrize("channels", [1, 3])
def test_images_whose_colours_are_greys_have_no_channels(channels: int) -> None:
    grey = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)

    found = idx_images(np.stack([grey] * channels, axis=-1))

    np.testing.assert_array_equal(found, grey)


def test_a_grey_test_set_of_coloured_images_gets_three_channels() -> None:
    colours = as_set(np.arange(24).reshape(2, 2, 2, 3), np.array([0, 1]), 0)
    grey = as_set(np.full((2, 2, 2, 3), 7), np.array([0, 1]), 0)

    train, test, _ = numbered(colours, grey)

    np.testing.assert_array_equal(train.images, colours.images)
    assert test.images.shape == (2, 2, 2, 3)
    assert (test.images == 7).all()


@pytest.mark.parametrize("shape", [(4,), (2, 5), (2, 3, 4, 2), (0, 3, 3)])
def test_other_shapes_are_no_images(shape: tuple[int, ...]) -> None:
    with pytest.raises(ContentError, match="expected images as numbers"):
        idx_images(np.zeros(shape))


@pytest.mark.parametrize("labels", [[1, 2], [1.0, 2.0], [[7, 1], [8, 2]]])
def test_labels_are_whole_numbers_of_one_column(labels: list[object]) -> None:
    assert label_column(np.array(labels), 1).tolist() == [1, 2]


def test_text_is_no_label() -> None:
    with pytest.raises(ContentError, match="expected labels as integers, found 2 <U1"):
        label_column(np.array(["a", "b"]), 0)


def test_classes_are_numbered_in_the_order_of_their_labels() -> None:
    train, test, labels = numbered(
        as_set(np.zeros((3, 2, 2)), np.array([30, 10, 20]), 0),
        as_set(np.zeros((2, 2, 2)), np.array([20, 10]), 0),
    )

    assert labels == [10, 20, 30]
    assert (train.labels.tolist(), test.labels.tolist()) == ([2, 0, 1], [1, 0])
    assert train.labels.dtype == np.uint8


def test_more_than_256_classes_take_four_bytes() -> None:
    one: Array = np.arange(300)
    train, _, _ = numbered(Set(np.zeros((300, 2, 2)), one), Set(np.zeros((300, 2, 2)), one))

    assert train.labels.dtype == np.int32


def test_images_of_two_sizes_are_refused() -> None:
    sets = (as_set(np.zeros((2, side, 4)), np.arange(2), 0) for side in (3, 5))

    with pytest.raises(ContentError, match="expected images of one size, found 3 x 4 and 5 x 4"):
        numbered(*sets)


def test_held_out_images_keep_the_share_of_each_class() -> None:
    labels = np.repeat([0, 1], [60, 40])

    train, test = held_out(Set(np.zeros((100, 2, 2)), labels), 0.25)

    assert np.bincount(test.labels).tolist() == [15, 10]
    assert np.bincount(train.labels).tolist() == [45, 30]
