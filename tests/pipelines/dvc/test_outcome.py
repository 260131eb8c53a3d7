import signal
from pathlib import Path

import pytest

from pipelines.dvc.outcome import Outcome, crash, read_outcome


@pytest.mark.parametrize("code", [-signal.SIGKILL, 128 + signal.SIGKILL])
def test_signal_is_named_whether_a_shell_or_dvc_reports_it(code: int) -> None:
    sentence = crash("stage train", code)

    assert sentence is not None
    assert sentence.startswith(
        "expected stage train to end by itself, found it ended by the signal "
    )
    assert "SIGKILL, as when memory runs out" in sentence


def test_memory_is_not_suspected_when_a_library_crashes() -> None:
    sentence = crash("stage train", -signal.SIGSEGV)

    assert sentence is not None
    assert "SIGSEGV, a crash of one of its libraries; run it again" in sentence
    assert "memory" not in sentence


@pytest.mark.parametrize("code", [None, 0, 1, 75, 255, -signal.SIGTERM, 128 + signal.SIGINT])
def test_stage_that_ended_by_itself_or_was_asked_to_has_not_crashed(code: int | None) -> None:
    assert crash("stage train", code) is None


@pytest.mark.parametrize("content", [None, "", "{", '{"outcome": "unknown"}'])
def test_outcome_that_was_not_written_counts_as_failed(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "outcome").write_text(content)

    assert read_outcome(tmp_path / "outcome") == Outcome(outcome="failed")
