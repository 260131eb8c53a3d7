from pathlib import Path

import pytest

from stages import learning_curve
from stages.shared import artifacts


@pytest.mark.slow
def test_each_number_of_images_is_scored_by_all_folds(
    small_params: Path, small_arrays: Path, small_search: Path, tmp_path: Path
) -> None:
    def run(name: str) -> tuple[Path, Path]:
        table, picture = tmp_path / name / "table.csv", tmp_path / name / "picture.png"
        learning_curve.main(
            small_params, small_search, small_arrays, tmp_path / "scores", table, picture
        )
        return table, picture

    table, picture = run("one")

    results = artifacts.read_table(table)
    assert results["images"].tolist() == [100, 300]
    assert len(list((tmp_path / "scores").glob("*.json"))) == 2 * 2
    assert (results["accuracy_min"] <= results["accuracy_mean"]).all()
    assert (results["accuracy_mean"] <= results["accuracy_max"]).all()
    # From the scores that were kept come the same bytes.
    again = run("other")
    assert again[0].read_bytes() == table.read_bytes()
    assert again[1].read_bytes() == picture.read_bytes()
