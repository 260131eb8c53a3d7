from typing import Literal

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency

from stages.dataset.splitting import SplitError, has_other_classes, split
from stages.shared.artifacts import Array

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


def chi_squared(labels: Array, sets: dict[str, Array]) -> float:
    """The probability of SciPy's test of homogeneity."""
    table = pd.crosstab(labels, np.isin(np.arange(len(labels)), sets["fit"]))
    return float(chi2_contingency(table).pvalue)


@pytest.mark.parametrize("swapped", [0, 2, 5, 10, 15, 20])
def test_validation_images_have_other_classes_where_scipys_test_finds_so(swapped: int) -> None:
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    labels[:swapped], labels[-swapped or 100 :] = labels[-swapped or 100 :], labels[0]
    sets = split(labels, "tail", 20, seed=1)

    assert has_other_classes(labels, **sets) == (chi_squared(labels, sets) < 1e-6)


def test_classes_of_images_in_random_order_are_everywhere() -> None:
    for seed in range(200):
        labels = np.random.default_rng(seed).integers(0, 10, 60)

        assert not has_other_classes(labels, **split(labels, "tail", 10, seed=1))


def test_the_last_images_of_sorted_data_are_of_other_classes() -> None:
    labels = np.repeat(range(10), 30)

    assert has_other_classes(labels, **split(labels, "tail", 50, seed=1))
    assert not has_other_classes(labels, **split(labels, "stratified", 50, seed=1))
