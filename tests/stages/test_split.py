from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.split import main

Edit = Callable[[Path, str, Any], None]


def test_tail_gives_the_last_images_to_validation(
    small_params: Path, small_arrays: Path, tmp_path: Path
) -> None:
    main(small_params, small_arrays, tmp_path / "split")

    assert sorted(path.name for path in (tmp_path / "split").iterdir()) == [
        "fit.npy",
        "validation.npy",
    ]
    fit = artifacts.read_array(tmp_path / "split" / "fit.npy")
    validation = artifacts.read_array(tmp_path / "split" / "validation.npy")
    assert fit.tolist() == list(range(500))
    assert validation.tolist() == list(range(500, 600))


def test_stratified_keeps_the_shares_of_real_classes(
    small_params: Path,
    small_arrays: Path,
    small_mnist: dict[str, Array],
    tmp_path: Path,
    edit: Edit,
) -> None:
    edit(small_params, "recipes.fast.split.strategy", "stratified")

    main(small_params, small_arrays, tmp_path / "split")

    labels = small_mnist["train_labels"]
    validation = artifacts.read_array(tmp_path / "split" / "validation.npy")
    expected = np.bincount(labels) * 100 / 600
    assert np.abs(np.bincount(labels[validation]) - expected).max() < 1


def test_the_same_parameters_give_the_same_bytes(
    small_params: Path, small_arrays: Path, tmp_path: Path, edit: Edit
) -> None:
    edit(small_params, "recipes.fast.split.strategy", "stratified")
    for out in ("one", "two"):
        main(small_params, small_arrays, tmp_path / out)

    for name in ("fit.npy", "validation.npy"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize(("order", "warned"), [(np.sort, True), (np.asarray, False)])
def test_a_tail_of_sorted_classes_is_warned_about(
    order: Callable[[Array], Array],
    warned: bool,
    small_params: Path,
    small_mnist: dict[str, Array],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    artifacts.write_array(tmp_path / "train_labels.npy", order(small_mnist["train_labels"]))

    main(small_params, tmp_path, tmp_path / "split")

    assert ("set split.strategy to stratified" in capsys.readouterr().err) == warned
