import pytest

from stages.params.recipe import Recipe
from stages.search import scoring
from stages.search.cross_validation import content, keep
from stages.search.scoring import scored
from stages.search.trials import Score, Study, Trial


def test_a_group_is_given_once_all_of_its_trials_are_scored(
    recipe: Recipe, study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    groups = [[Trial(recipe, 0), Trial(recipe, 1)], [Trial(recipe, 0, images=100)]]

    found = dict(scored(study, groups, "none", "trying"))

    assert [len(found[number]) for number in (0, 1)] == [2, 1]
    assert len({one.loss for ones in found.values() for one in ones}) == 3
    assert "trying: 100%" in capsys.readouterr().err


def test_known_scores_of_any_device_need_no_cluster(
    recipe: Recipe, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "scores_on", pytest.fail)
    trials = [Trial(recipe, 0), Trial(recipe, 1)]
    known = [Score(0.9, 0.3, "one device"), Score(0.8, 0.5, "another device")]
    for trial, one in zip(trials, known, strict=True):
        keep(study, content(study, trial), one)

    assert dict(scored(study, [trials], "tcp://127.0.0.1:1", "trying")) == {0: known}


def test_equal_trials_are_scored_once(
    recipe: Recipe, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(_: str, __: Study, trials: dict[str, Trial]) -> list[tuple[str, Score]]:
        asked.extend(trials)
        return [(key, Score(0.9, 0.3, "a device")) for key in trials]

    monkeypatch.setattr(scoring, "scores_on", answer)
    groups = [[Trial(recipe, 0)], [Trial(recipe, 0)]]

    found = dict(scored(study, groups, "local", "trying"))

    assert len(asked) == 1
    assert found[0] == found[1]
