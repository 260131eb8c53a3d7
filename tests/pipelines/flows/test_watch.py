"""The flow that watches, on a real server, each look in a process of its own."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import ROOT, free_port, wait_until
from tests.pipelines.prefect_server import Prefect
from tests.pipelines.repositories import Git
from tests.pipelines.runs import FlowRun

pytestmark = pytest.mark.slow

Edit = Callable[[Path, str, Any], None]
Look = Callable[..., tuple[str, str, str]]

FILES = ROOT / "tests" / "fixtures" / "mnist-small"
ARRIVED = "pipeline.data.arrived"


class Watch(FlowRun):
    flow = "pipelines.flows.watch", "watch"


@pytest.fixture
def source(tmp_path: Path, toy: Path, small_params: Path, git: Git, edit: Edit) -> Path:
    """The one source, a folder that is not there yet, which the branch main names."""
    folder = tmp_path / "source"
    sources = [{"kind": "folder", "path": str(folder)}]
    edit(small_params, "datasets.mnist.sources", sources)
    shutil.copy(small_params, toy)
    git("commit", "--quiet", "--all", "-m", "Have a source")
    return folder


@pytest.fixture
def look(prefect: Prefect, toy: Path) -> Look:
    """Look once, and give the run's id, and its state's name and message."""
    return lambda **parameters: Watch(prefect, toy, **parameters).end()


def arrivals(prefect: Prefect, source: Path) -> list[dict[str, Any]]:
    return prefect.events(ARRIVED, source=f"folder {source}")


def test_arrival_of_missing_files_is_reported_once(
    prefect: Prefect, look: Look, source: Path
) -> None:
    assert look()[1:] == (
        "Absent",
        "no reachable source has all files of mnist at main",
    )

    shutil.copytree(FILES, source)
    assert look()[1:] == ("Arrived", f"new data in folder {source}")
    assert look()[1:] == ("Unchanged", f"nothing new in folder {source}")

    (event,) = wait_until(lambda: arrivals(prefect, source))
    assert event["resource"] == {"prefect.resource.id": "pipeline.data.mnist"}
    assert event["payload"] == {"dataset": "mnist", "source": f"folder {source}", "ref": "main"}


def test_first_state_of_a_source_emits_no_event_but_a_change_does(
    prefect: Prefect, look: Look, source: Path
) -> None:
    shutil.copytree(FILES, source)
    assert look()[1] == "Unchanged"
    (source / "t10k-labels-idx1-ubyte.gz").write_bytes(b"other")
    assert look()[1] == "Arrived"

    assert len(wait_until(lambda: arrivals(prefect, source))) == 1


def test_each_watched_ref_has_its_own_record(
    prefect: Prefect, toy: Path, source: Path, git: Git
) -> None:
    git("branch", "other")
    refs = {"ref": "main"}, {"ref": "other"}
    assert [name for _, name, _ in Watch(prefect, toy, *refs).end_all()] == ["Absent"] * 2
    shutil.copytree(FILES, source)
    assert [name for _, name, _ in Watch(prefect, toy, *refs).end_all()] == ["Arrived"] * 2


def test_unreachable_source_is_logged_without_an_event(
    prefect: Prefect, look: Look, source: Path, toy: Path, git: Git, edit: Edit
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    shutil.copytree(FILES, source)
    assert look()[1] == "Unchanged"
    both = [{"kind": "web", "url": url}, {"kind": "folder", "path": str(source)}]
    edit(toy / "params.yaml", "datasets.mnist.sources", both)
    git("commit", "--quiet", "--all", "-m", "Have another source")

    run = Watch(prefect, toy)
    _, name, _ = run.end()

    assert name == "Unchanged"
    assert f"skipped web folder {url}: no answer (ConnectionError)" in run.log.read_text()
    assert not arrivals(prefect, source)


@pytest.mark.parametrize(
    ("ref", "sentence"),
    [("nowhere", "expected a commit, branch or tag"), ("main", "epochs is unknown")],
)
def test_invalid_parameters_fail_with_one_sentence(look: Look, ref: str, sentence: str) -> None:
    _, name, message = look(ref=ref)
    assert name == "Failed"
    assert sentence in message
