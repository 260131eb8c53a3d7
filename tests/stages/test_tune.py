from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest

from stages import tune
from stages.search import cross_validation
from stages.search.search import SearchError
from stages.shared import artifacts
from stages.training import checkpoint

pytestmark = pytest.mark.slow

Edit = Callable[[Path, str, Any], None]
Given = ParamSpec("Given")
Result = TypeVar("Result")


@pytest.fixture
def files(small_params: Path, small_arrays: Path, small_search: Path, tmp_path: Path) -> Any:
    return {
        "params": small_params,
        "search": small_search,
        "arrays": small_arrays,
        "scores": tmp_path / "scores",
        "table": tmp_path / "tuning.csv",
        "picture": tmp_path / "tuning.png",
        "best": tmp_path / "tuning.yaml",
    }


def test_every_cell_is_scored_by_all_folds_and_the_best_is_a_recipe(
    files: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    tune.main(**files)

    table = artifacts.read_table(files["table"])
    assert sorted(table["training.learning_rate"]) == [0.0001, 0.01]
    assert table["accuracy_mean"].is_monotonic_decreasing
    assert len(list(files["scores"].glob("*.json"))) == 2 * 2
    best = files["best"].read_text()
    assert f"learning_rate: {table['training.learning_rate'][0]}" in best
    printed = capsys.readouterr().out
    assert "add this under `recipes` in params.yaml:\n\n  tuned:\n" in printed
    assert best == "recipes:\n" + printed.partition("\n\n")[2][:-1]
    assert files["picture"].read_bytes().startswith(b"\x89PNG")


def test_a_stopped_search_goes_on_with_the_cells_that_are_left_to_the_same_bytes(
    files: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(name: str) -> list[bytes]:
        made = {kind: tmp_path / name / kind for kind in ("table", "picture", "best")}
        tune.main(**files | made)
        return [path.read_bytes() for path in made.values()]

    undisturbed = run("undisturbed")
    scores = sorted(files["scores"].glob("*.json"))
    scores[0].unlink()
    trained: list[object] = []

    def noted(train: Callable[Given, Result]) -> Callable[Given, Result]:
        def train_and_note(*given: Given.args, **named: Given.kwargs) -> Result:
            trained.append(given)
            return train(*given, **named)

        return train_and_note

    monkeypatch.setattr(cross_validation, "trained", noted(checkpoint.trained))

    assert run("resumed") == undisturbed
    assert len(trained) == 1


def test_a_cell_that_diverges_comes_last_and_stops_nothing(
    files: Any, edit: Edit, capsys: pytest.CaptureFixture[str]
) -> None:
    # Steps as large as the rate, without normalization: 10 makes the loss infinite.
    edit(files["params"], "recipes.fast.network.batch_normalization", False)
    edit(files["params"], "recipes.fast.training.beta_2", 0)
    edit(files["params"], "recipes.fast.training.epsilon", 1e-5)
    edit(files["params"], "recipes.fast.training.outliers", 0)
    edit(files["search"], "space", {"training.learning_rate": [10, 0.0001]})

    tune.main(**files)

    table = artifacts.read_table(files["table"])
    assert table["training.learning_rate"].tolist() == [0.0001, 10]
    assert table["accuracy_mean"].isna().tolist() == [False, True]
    output = capsys.readouterr()
    assert "the cell {'training.learning_rate': 10} has no score: a weight, or" in output.err
    assert "learning_rate: 0.0001" in output.out


def test_a_search_in_which_every_cell_diverges_has_no_best(files: Any, edit: Edit) -> None:
    edit(files["params"], "recipes.fast.network.batch_normalization", False)
    edit(files["params"], "recipes.fast.training.beta_2", 0)
    edit(files["params"], "recipes.fast.training.epsilon", 1e-5)
    edit(files["search"], "space", {"training.learning_rate": [10]})

    with pytest.raises(SearchError, match="no cell has a score"):
        tune.main(**files)

    assert not files["best"].exists()


@pytest.mark.core
def test_a_place_that_the_recipe_lacks_stops_the_search_before_it_trains(
    files: Any, edit: Edit
) -> None:
    edit(files["search"], "space", {"training.speed": [1]})

    with pytest.raises(SearchError, match=r"space\.training\.speed"):
        tune.main(**files)

    assert not files["scores"].exists()
