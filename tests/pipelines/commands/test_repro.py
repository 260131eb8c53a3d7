"""The command repro on a pipeline that takes no time."""

import threading
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.git.repository import Repository
from pipelines.system.lock import exclusive
from tests.helpers import wait_until
from tests.pipelines.in_process import repro
from tests.pipelines.repositories import dvc_at_work


@pytest.mark.slow
def test_repro_waits_until_another_command_of_dvcs_has_ended(toy: Path) -> None:
    (toy / "model.txt").unlink()

    with dvc_at_work(toy):
        repro(toy)

    assert (toy / "model.txt").exists()


def test_repro_waits_until_no_run_is_at_work(toy: Path) -> None:
    heard: list[str] = []
    with exclusive(Repository(toy).state / "lock", "a run", "cancel", print):
        thread = threading.Thread(target=repro, args=[toy, heard.append])
        thread.start()
        wait_until(lambda: heard)
    thread.join()

    assert heard == ["waiting for a run to end"]


def test_pipeline_that_dvc_rejects_is_one_sentence(toy: Path) -> None:
    (toy / "dvc.yaml").write_text("stages: {train: {cmdx: true}}")

    with pytest.raises(PipelineError) as rejected:
        repro(toy)

    assert str(rejected.value) == (
        "dvc.yaml: expected a pipeline as DVC defines it, found: "
        "extra keys not allowed: stages.train.cmdx; required key not provided: stages.train.cmd; "
        "correct it."
    )
