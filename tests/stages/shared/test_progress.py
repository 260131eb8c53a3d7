import json
from pathlib import Path

import pytest

from stages.shared.progress import report


def test_progress_is_a_line_for_people_and_a_line_of_json_for_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "progress"
    monkeypatch.setenv("PROGRESS_FILE", str(path))

    report("epoch", 1, 2, {"loss": 0.25, "accuracy": 0.98765})
    report("epoch", 2, 2, {"loss": 0.125})

    assert capsys.readouterr().err == (
        "epoch 1/2: loss 0.2500, accuracy 0.9877\nepoch 2/2: loss 0.1250\n"
    )
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"done": 1, "total": 2, "unit": "epoch", "values": {"loss": 0.25, "accuracy": 0.98765}},
        {"done": 2, "total": 2, "unit": "epoch", "values": {"loss": 0.125}},
    ]


@pytest.mark.parametrize("place", [None, "/proc/no/progress"])
def test_without_a_file_to_write_only_people_are_informed(
    place: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PROGRESS_FILE", raising=False)
    if place:
        monkeypatch.setenv("PROGRESS_FILE", place)

    report("epoch", 1, 2, {"loss": 0.25})

    assert capsys.readouterr().err == "epoch 1/2: loss 0.2500\n"
