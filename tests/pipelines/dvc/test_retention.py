"""Folders that DVC's cache does not hold, as the pipeline's figures; DVC keeps no list of them."""

from pathlib import Path

import pytest

from tests.helpers import pipelines
from tests.pipelines.in_process import dvc
from tests.pipelines.repositories import Git

pytestmark = pytest.mark.slow

STAGES = (
    "stages:\n  draw:\n    cmd: mkdir -p figures && echo {text} > figures/a\n"
    "    outs: [figures: {{cache: false}}]\n"
)


@pytest.fixture(params=["", "/figures\n"], ids=["in Git", "ignored by Git"])
def drawn(request: pytest.FixtureRequest, toy: Path, git: Git) -> Path:
    """The toy with an uncached folder, drawn and committed twice, and drawn once more."""
    with (toy / ".gitignore").open("a") as ignored:
        ignored.write(request.param)
    for text in ("one", "two", "three"):
        (toy / "dvc.yaml").write_text(STAGES.format(text=text))
        dvc(toy, "repro")
        if text != "three":
            git("add", "--all")
            git("commit", "--quiet", "-m", text)
            git("branch", text)
    assert not list((toy / ".dvc" / "cache" / "files").rglob("*.dir"))
    return toy


@pytest.mark.parametrize("command", ["gc", "space"])
def test_uncached_folder_needs_no_list(drawn: Path, command: str) -> None:
    done = pipelines(drawn, command)

    assert (done.code, done.err) == (0, "")
