from pathlib import Path

import pytest

from stages.new_dataset.parameters import AddingError, add, choose
from stages.params.file import read_params
from stages.shared.parameters import ParameterError
from tests.helpers import ROOT
from tests.small_mnist import yaml


@pytest.fixture
def params(tmp_path: Path) -> Path:
    path = tmp_path / "params.yaml"
    path.write_bytes((ROOT / "params.yaml").read_bytes())
    return path


@pytest.mark.parametrize("section", ["datasets", "recipes"])
def test_an_entry_follows_the_others_and_changes_no_line(params: Path, section: str) -> None:
    before = params.read_text()
    entry = next(iter(yaml.load(params)[section].values()))

    add(params, section, "new", entry)

    after = params.read_text()
    found = yaml.load(params)[section]
    assert list(found)[-1] == "new"
    assert found["new"] == entry
    begin = after.index("\n  new:\n")
    end = begin + len(after) - len(before)
    assert after[:begin] + after[end:] == before


def test_an_invalid_entry_leaves_the_file_as_it_was(params: Path) -> None:
    before = params.read_bytes()

    with pytest.raises(ParameterError, match=r"params\.yaml: datasets\.new\.title is missing"):
        add(params, "datasets", "new", {"classes": ["a", "b"]})

    assert params.read_bytes() == before
    assert [path.name for path in params.parent.iterdir()] == ["params.yaml"]


def test_a_file_without_the_section_is_refused(params: Path) -> None:
    with pytest.raises(AddingError, match="expected a section others, found 0"):
        add(params, "others", "new", {})


def test_a_choice_keeps_its_comment(params: Path) -> None:
    choose(params, dataset="fashion-mnist", recipe="accurate")

    found = read_params(params)
    assert (found.dataset, found.recipe) == ("fashion-mnist", "accurate")
    assert "dataset: fashion-mnist    # one of datasets below" in params.read_text()
