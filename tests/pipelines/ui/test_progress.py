import json
import threading
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from pipelines.ui import progress as ui
from pipelines.ui.progress import ProgressFile, Report
from stages.shared import progress
from tests.helpers import PATIENCE

FIRST = Report(done=1, total=3, unit="epoch", values={"loss": 0.5})
SECOND = Report(done=2, total=3, unit="epoch", values={"loss": 0.25})


@pytest.fixture
def file(tmp_path: Path) -> ProgressFile:
    return ProgressFile(tmp_path / "progress.jsonl")


def append(file: ProgressFile, *parts: str) -> None:
    with file.path.open("a") as written:
        written.writelines(parts)


def line(report: Report, **changes: Any) -> str:
    return f"{json.dumps(report.model_dump() | changes)}\n"


def test_report_is_a_percentage_and_a_line() -> None:
    report = Report.model_validate_json(
        '{"done": 2, "total": 8, "unit": "epoch", "values": {"loss": 0.35, "accuracy": 0.98}}'
    )
    assert report.percent == 25
    assert report.description == "epoch 2/8: loss 0.3500, accuracy 0.9800"
    assert Report(done=2, total=8, unit="fold").description == "fold 2/8"


def test_each_report_is_read_once(file: ProgressFile) -> None:
    assert file.newest() is None
    append(file, line(FIRST))
    assert file.newest() == FIRST
    assert file.newest() is None
    append(file, line(FIRST), line(SECOND))
    assert file.newest() == SECOND


def test_line_that_is_not_complete_is_read_when_it_is(file: ProgressFile) -> None:
    whole = line(SECOND)
    append(file, line(FIRST), whole[:20])
    assert file.newest() == FIRST
    append(file, whole[20:-1])
    assert file.newest() is None
    append(file, "\n")
    assert file.newest() == SECOND


@pytest.mark.parametrize(
    "invalid",
    [
        "",
        "epoch 2/3: loss 0.35",
        "[" * 60_000,
        "{}",
        line(SECOND, done=4).rstrip(),
        line(SECOND, done=-1).rstrip(),
        line(SECOND, done="2").rstrip(),
        line(SECOND, done=0, total=0).rstrip(),
        line(SECOND, unit="[a link](https://example.org)").rstrip(),
        line(SECOND, unit="x" * 41).rstrip(),
        line(SECOND, values={"<b>": 1}).rstrip(),
        line(SECOND, values={"loss": float("nan")}).rstrip(),
        line(SECOND, values={f"v{number}": 1 for number in range(21)}).rstrip(),
    ],
)
def test_line_that_is_not_valid_is_skipped(file: ProgressFile, invalid: str) -> None:
    append(file, line(FIRST), invalid, "\n")
    assert file.newest() == FIRST
    append(file, invalid, "\n")
    assert file.newest() is None
    append(file, line(SECOND))
    assert file.newest() == SECOND


def test_line_that_is_too_long_is_skipped(file: ProgressFile) -> None:
    append(file, "x" * 200_000, "\n", line(SECOND))
    found = [file.newest() for _ in range(5)]
    assert found == [None, None, None, SECOND, None]


def test_bytes_that_are_no_text_are_skipped(file: ProgressFile) -> None:
    file.path.write_bytes(b"\xff\xfe\x00\n" + line(FIRST).encode())
    assert file.newest() == FIRST


def test_what_a_stage_writes_is_read(file: ProgressFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(progress.VARIABLE, str(file.path))
    progress.report("epoch", 1, 3, {"loss": 0.5})
    assert file.newest() == FIRST


def test_reader_of_the_output_does_not_wait_for_a_server_that_is_slow(
    file: ProgressFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered = threading.Event(), threading.Event()
    artifact, shown = uuid4(), list[tuple[object, ...]]()

    def create(*_: object, **__: object) -> UUID:
        asked.set()
        answered.wait(PATIENCE)
        return artifact

    def update(artifact: UUID, percent: float, description: str) -> None:
        shown.append((artifact, percent, description))

    monkeypatch.setattr(ui, "create_progress_artifact", create)
    monkeypatch.setattr(ui, "update_progress_artifact", update)
    with ui.Progress("train", file) as progress:
        append(file, line(FIRST))
        progress.update()
        assert asked.wait(PATIENCE)
        # The server does not answer yet, and the stage goes on.
        for report in (FIRST, SECOND):
            append(file, line(report))
            progress.update()
        answered.set()
    assert shown == [(artifact, SECOND.percent, SECOND.description)]


def test_end_shows_the_last_report(file: ProgressFile, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[float] = []
    monkeypatch.setattr(ui, "create_progress_artifact", lambda percent, **_: shown.append(percent))
    with ui.Progress("train", file):
        append(file, line(SECOND))
    assert shown == [SECOND.percent]
