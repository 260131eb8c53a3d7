from typing import Literal

import numpy as np
import pytest

from stages.dataset.splitting import SplitError, split

# Classes of 50, 30 and 20 images, in an order that is not theirs.
LABELS = np.random.default_rng(2).permutation(np.repeat([0, 1, 2], [50, 30, 20])).astype(np.uint8)


def test_tail_takes_the_last_images() -> None:
    sets = split(np.zeros(7, np.uint8), "tail", 3, seed=1)

    assert sets["fit"].tolist() == [0, 1, 2, 3]
    assert sets["validation"].tolist() == [4, 5, 6]


def test_tail_of_mnist_is_the_published_split() -> None:
    sets = split(np.zeros(60_000, np.uint8), "tail", 10_000, seed=1)

    assert (sets["fit"][0], sets["fit"][-1], len(sets["fit"])) == (0, 49_999, 50_000)
    assert (sets["validation"][0], sets["validation"][-1]) == (50_000, 59_999)


def test_stratified_keeps_the_share_of_each_class() -> None:
    sets = split(LABELS, "stratified", 20, seed=1)

    assert np.bincount(LABELS[sets["validation"]]).tolist() == [10, 6, 4]
    assert np.bincount(LABELS[sets["fit"]]).tolist() == [40, 24, 16]


@pytest.mark.parametrize("strategy", ["tail", "stratified"])
def test_each_image_is_in_one_set_in_ascending_order(
    strategy: Literal["tail", "stratified"],
) -> None:
    sets = split(LABELS, strategy, 30, seed=1)

    for chosen in sets.values():
        assert chosen.dtype == np.int64
        assert (np.diff(chosen) > 0).all()
    assert sorted([*sets["fit"], *sets["validation"]]) == list(range(100))
    assert len(sets["validation"]) == 30


def test_stratified_draws_by_the_seed_alone() -> None:
    np.random.seed(0)  # noqa: NPY002 - the state that must not matter
    one = split(LABELS, "stratified", 20, seed=1)
    same = split(LABELS, "stratified", 20, seed=1)
    other = split(LABELS, "stratified", 20, seed=2)

    np.testing.assert_array_equal(one["validation"], same["validation"])
    assert one["validation"].tolist() != other["validation"].tolist()


@pytest.mark.parametrize("strategy", ["tail", "stratified"])
@pytest.mark.parametrize("validation_images", [100, 101])
def test_some_images_must_be_left_to_fit(
    strategy: Literal["tail", "stratified"], validation_images: int
) -> None:
    with pytest.raises(
        SplitError,
        match=f"validation_images .* expected fewer than 100, found {validation_images}",
    ):
        split(LABELS, strategy, validation_images, seed=1)


@pytest.mark.parametrize(
    ("labels", "validation_images"),
    [([0, 0, 0, 1], 2), ([0, 0, 1, 1, 2, 2], 2)],
    ids=["one image of a class", "fewer to validate than classes"],
)
def test_a_stratified_split_of_too_few_is_refused(
    labels: list[int], validation_images: int
) -> None:
    with pytest.raises(SplitError, match="a stratified split is not possible here"):
        split(np.array(labels), "stratified", validation_images, seed=1)
