import numpy as np
import pytest

from stages.dataset.splitting import SplitError
from stages.search.folds import folds, sample

# Classes of 50, 30 and 20 images, in an order that is not theirs.
LABELS = np.random.default_rng(2).permutation(np.repeat([0, 1, 2], [50, 30, 20])).astype(np.uint8)


def test_each_image_validates_in_one_fold_and_is_fitted_in_the_others() -> None:
    parts = folds(LABELS, 5, seed=1)

    assert len(parts) == 5
    assert sorted(np.concatenate([part["validation"] for part in parts])) == list(range(100))
    for part in parts:
        assert sorted([*part["fit"], *part["validation"]]) == list(range(100))
        assert np.bincount(LABELS[part["validation"]]).tolist() == [10, 6, 4]


def test_folds_are_drawn_by_the_seed_alone() -> None:
    one, same, other = (folds(LABELS, 2, seed)[0]["fit"].tolist() for seed in (1, 1, 2))

    assert one == same != other


def test_more_folds_than_images_of_a_class_are_refused() -> None:
    with pytest.raises(SplitError, match=r"expected at most 20, .* found 21"):
        folds(LABELS, 21, seed=1)


def test_a_sample_keeps_the_share_of_each_class() -> None:
    indices = np.arange(100)

    drawn = sample(indices, LABELS, 10, seed=1)

    assert np.bincount(LABELS[drawn]).tolist() == [5, 3, 2]
    assert (np.diff(drawn) > 0).all()
    assert drawn.tolist() == sample(indices, LABELS, 10, seed=1).tolist()
    assert drawn.tolist() != sample(indices, LABELS, 10, seed=2).tolist()


def test_a_sample_is_of_the_images_given() -> None:
    indices = np.arange(0, 100, 2)

    assert set(sample(indices, LABELS, 20, seed=1)) <= set(indices)
    assert sample(indices, LABELS, 50, seed=1).tolist() == indices.tolist()


def test_more_images_than_there_are_or_fewer_than_classes_cannot_be_drawn() -> None:
    with pytest.raises(
        SplitError, match=r"learning_curve\.images: expected at most 100, .* found 101"
    ):
        sample(np.arange(100), LABELS, 101, seed=1)
    with pytest.raises(SplitError, match="a stratified draw of 2 images is not possible here"):
        sample(np.arange(100), LABELS, 2, seed=1)
