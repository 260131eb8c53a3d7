from pathlib import Path

import pytest

from stages.params.machine import Machine
from stages.params.split import Split
from stages.shared.parameters import ClassNames, ParameterError, Parameters, Seeded

TEXT = """
dataset: letters
recipe: fast
datasets:
  letters: {classes: [a, b], title: 7}
recipes:
  fast: {seed: 3, split: {strategy: tail, validation_images: 5}}
  slow: {seed: 4, split: {strategy: head, validation_images: 0}}
"""


@pytest.fixture
def parameters(tmp_path: Path) -> Parameters:
    path = tmp_path / "params.yaml"
    path.write_text(TEXT)
    return Parameters(path)


def test_a_section_is_read_by_its_place(parameters: Parameters) -> None:
    split = parameters.section(Split, "recipes", "fast", "split")

    assert split.model_dump() == {"strategy": "tail", "validation_images": 5}


def test_the_choices_lead_to_their_sections(parameters: Parameters) -> None:
    assert parameters.chosen("recipe", Seeded).seed == 3
    assert parameters.chosen("recipe", Split, "split").validation_images == 5
    assert parameters.name("dataset") == "letters"
    assert parameters.named("recipe", "slow", Seeded).seed == 4


def test_what_is_not_read_is_not_checked(parameters: Parameters) -> None:
    assert parameters.chosen("dataset", ClassNames).classes == ("a", "b")


def test_every_invalid_value_is_named_with_its_place(parameters: Parameters) -> None:
    with pytest.raises(ParameterError, match=r"recipes\.slow\.split\.strategy must be") as refused:
        parameters.section(Split, "recipes", "slow", "split")

    assert "recipes.slow.split.validation_images must be from 1 to" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("recipe: fast\n", r"recipes is missing"),
        ("recipes: {fast: {}}\n", r"recipe is missing"),
        ("recipe: slow\nrecipes: {fast: {}}\n", r"recipe must be one of fast, found \"slow\""),
        ("recipe: [fast]\nrecipes: {fast: {}}\n", r"recipe must be one of fast, found"),
        ("recipe: fast\nrecipes: [fast]\n", r"recipe must be one of none, found \"fast\""),
        ("recipe: fast\nrecipes: {fast: 3}\n", r"recipes\.fast\.split is missing"),
        ("[1]\n", r"recipe is missing"),
    ],
)
def test_a_choice_that_leads_nowhere_is_refused_in_a_sentence(
    text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)

    with pytest.raises(ParameterError, match=message) as refused:
        Parameters(path).chosen("recipe", Split, "split")

    assert str(refused.value).startswith(str(path))


def test_a_missing_section_is_named(parameters: Parameters) -> None:
    with pytest.raises(ParameterError, match=r"machine is missing"):
        parameters.section(Machine, "machine")
