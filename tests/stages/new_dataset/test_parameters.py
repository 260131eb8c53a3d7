from pathlib import Path

import pytest

from stages.new_dataset.parameters import AddingError, with_choices, with_entry, write
from stages.shared.parameters import ParameterError
from tests.helpers import ROOT
from tests.small_mnist import yaml

TEXT = (ROOT / "params.yaml").read_text()


@pytest.mark.parametrize("section", ["datasets", "recipes"])
def test_an_entry_follows_the_others_and_changes_no_line(section: str) -> None:
    entry = next(iter(yaml.load(TEXT)[section].values()))

    after = with_entry(TEXT, section, "new", entry)

    found = yaml.load(after)[section]
    assert list(found)[-1] == "new"
    assert found["new"] == entry
    begin = after.index("\n  new:\n")
    end = begin + len(after) - len(TEXT)
    assert after[:begin] + after[end:] == TEXT


def test_a_comment_stays_with_the_section_below_it() -> None:
    after = with_entry(
        "datasets:\n  a: 1\n\n# What to train.\nrecipes:\n", "datasets", "b", {"c": 2}
    )

    assert after == "datasets:\n  a: 1\n\n  b:\n    c: 2\n\n# What to train.\nrecipes:\n"


def test_a_file_without_the_section_is_refused() -> None:
    with pytest.raises(AddingError, match=r"expected a section others in params\.yaml, found 0"):
        with_entry(TEXT, "others", "new", {})


def test_a_choice_keeps_its_comment() -> None:
    after = with_choices(TEXT, dataset="fashion-mnist", recipe="accurate")

    found = yaml.load(after)
    assert (found["dataset"], found["recipe"]) == ("fashion-mnist", "accurate")
    assert "dataset: fashion-mnist    # one of datasets below" in after


def test_an_invalid_file_is_not_written(project_params: Path) -> None:
    with pytest.raises(ParameterError, match=r"params\.yaml: datasets\.new\.title is missing"):
        write(project_params, with_entry(TEXT, "datasets", "new", {"classes": ["a", "b"]}))

    assert project_params.read_text() == TEXT
    assert [path.name for path in project_params.parent.iterdir()] == ["params.yaml"]
