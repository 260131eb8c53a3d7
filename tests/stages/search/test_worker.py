import subprocess
import sys
from types import SimpleNamespace

import pytest

from stages.params.recipe import Recipe
from stages.search import worker
from stages.search.trials import Study, Trial
from tests.helpers import ROOT


@pytest.fixture
def task(study: Study, recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> tuple[Study, Trial]:
    monkeypatch.setattr(worker, "get_worker", lambda: SimpleNamespace(address="tcp://host:1"))
    return study, Trial(recipe, 0)


def test_code_that_has_changed_since_the_start_is_refused(
    task: tuple[Study, Trial], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_STARTED_WITH", {"stages/a.py": "other code"})

    assert worker.score_here(*task, "content") == (
        "the worker tcp://host:1: expected its code to stay as it was when it started, found it "
        "changed; start the worker again."
    )


def test_an_error_for_a_person_is_returned_as_a_sentence_of_the_worker(
    task: tuple[Study, Trial],
) -> None:
    answer = worker.score_here(*task, "other content")

    assert isinstance(answer, str)
    assert answer.startswith("the worker tcp://host:1: expected this machine to have the code")


def test_the_scheduler_which_imports_this_module_needs_no_tensorflow() -> None:
    program = "import sys, stages.search.worker; print('tensorflow' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "False"
