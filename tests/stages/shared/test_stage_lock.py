import os
import subprocess
import sys
from pathlib import Path

import pytest

from stages.shared.stage_lock import BusyError, locked

HOLD = (
    "import sys; from stages.shared.stage_lock import locked\n"
    "with locked('train'): print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    monkeypatch.chdir(tmp_path)


def holder() -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_a_stage_is_refused_while_another_process_runs_it() -> None:
    with holder() as process:
        message = f"found process {process.pid}; .*: kill {process.pid}"
        with pytest.raises(BusyError, match=message), locked("train", patience=0):
            pass
        process.communicate()

    with locked("train", patience=0):
        pass


def test_another_stage_may_run_meanwhile() -> None:
    with holder() as process, locked("retrain", patience=0):
        process.communicate()


def test_a_killed_process_holds_nothing() -> None:
    with holder() as process:
        process.kill()

    with locked("train", patience=0):
        assert Path(".dvc/tmp/stages/train.lock").read_text() == f"{os.getpid()}\n"


def test_a_longer_number_of_an_earlier_process_leaves_nothing() -> None:
    lock = Path(".dvc/tmp/stages/train.lock")
    lock.parent.mkdir(parents=True)
    lock.write_text("123456789\n")

    with locked("train"):
        assert lock.read_text() == f"{os.getpid()}\n"


def test_nothing_is_left_behind() -> None:
    with locked("train"):
        pass

    assert list(Path(".dvc/tmp/stages").iterdir()) == []
