import subprocess
from pathlib import Path

import pytest

from stages.params.machine import Machine
from stages.shared import artifacts
from stages.training.loop import Timing
from stages.training.provenance import record

# `printf hello | md5sum`
HELLO = "5d41402abc4b2a76b9719d911017c592"
CHOSEN: dict[str, str | int] = {"dataset": "mnist", "recipe": "fast", "seed": 1}
TIMING = Timing(epochs=3, seconds=20.5, images_per_second=8780.5)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Git repository with one commit, and the working directory."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "params.yaml").write_text("a: 1\n")
    monkeypatch.chdir(folder)
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], check=True)
    return folder


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "train.safetensors"
    path.write_bytes(b"hello")
    return path


def test_an_entry_records_code_machine_and_time(
    machine: Machine, repository: Path, weights: Path
) -> None:
    head = subprocess.run(
        ["git", "log", "-1", "--format=%H"], check=True, capture_output=True, text=True
    ).stdout.strip()

    record(repository / "models" / "provenance.json", weights, CHOSEN, machine, TIMING)

    entry = artifacts.read_json(repository / "models" / "provenance.json")["train"][HELLO]
    assert (entry["commit"], entry["changed_since_commit"]) == (head, [])
    assert (entry["dataset"], entry["recipe"], entry["seed"]) == ("mnist", "fast", 1)
    assert (entry["epochs"], entry["seconds"], entry["images_per_second"]) == TIMING
    assert entry["devices"] == ["/device:CPU:0"]
    assert entry["precision"] == "float32"


def test_changes_since_the_commit_are_recorded(
    machine: Machine, repository: Path, weights: Path
) -> None:
    (repository / "params.yaml").write_text("a: 2\n")
    (repository / "stages").mkdir()
    (repository / "stages" / "a new one.py").touch()
    (repository / "notes.txt").touch()

    record(repository / "provenance.json", weights, CHOSEN, machine, TIMING)

    entry = artifacts.read_json(repository / "provenance.json")["train"][HELLO]
    assert entry["changed_since_commit"] == ["params.yaml", "stages/a new one.py"]


def test_without_git_what_has_changed_is_unknown(
    machine: Machine, repository: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    record(repository / "provenance.json", weights, CHOSEN, machine, TIMING)

    entry = artifacts.read_json(repository / "provenance.json")["train"][HELLO]
    assert (entry["commit"], entry["changed_since_commit"]) == (None, None)


def test_what_a_killed_process_was_writing_is_removed(
    machine: Machine, repository: Path, weights: Path
) -> None:
    (repository / ".provenance.json.abc.part").touch()

    record(repository / "provenance.json", weights, CHOSEN, machine, TIMING)

    assert not list(repository.glob(".*.part"))


def test_the_entries_of_other_trainings_stay(
    machine: Machine, repository: Path, weights: Path
) -> None:
    path = repository / "provenance.json"
    record(path, weights, CHOSEN, machine, TIMING)
    before = artifacts.read_json(path)["train"]

    other = weights.with_stem("retrain")
    other.write_bytes(b"hello")
    record(path, other, CHOSEN, machine, TIMING._replace(seconds=1.0))

    entries = artifacts.read_json(path)
    assert list(entries) == ["retrain", "train"]
    assert entries["train"] == before


def test_the_entries_of_the_last_other_weights_stay(
    machine: Machine, repository: Path, weights: Path
) -> None:
    path = repository / "provenance.json"
    for number in range(11):
        weights.write_text(str(number))
        record(path, weights, CHOSEN, machine, TIMING._replace(epochs=number))
    weights.write_text("5")
    record(path, weights, CHOSEN, machine, TIMING._replace(epochs=50))

    entries = artifacts.read_json(path)["train"].values()
    assert [entry["epochs"] for entry in entries] == [1, 2, 3, 4, 6, 7, 8, 9, 10, 50]


def test_the_fields_of_an_earlier_version_are_dropped(
    machine: Machine, repository: Path, weights: Path
) -> None:
    path = repository / "provenance.json"
    artifacts.write_json(path, {"train": {"cpu": "another", "seconds": 1.5}})

    record(path, weights, CHOSEN, machine, TIMING)

    assert list(artifacts.read_json(path)["train"]) == [HELLO]


@pytest.mark.parametrize(
    "content",
    ["", "not JSON", "[1]", '{"retrain": NaN}', '{"retrain": "\\ud800"}', "[" * 100_000],
    ids=["empty", "no JSON", "a list", "NaN", "half a character", "deep"],
)
def test_a_damaged_file_is_started_from_scratch(
    machine: Machine, repository: Path, weights: Path, content: str
) -> None:
    path = repository / "provenance.json"
    path.write_text(content)

    record(path, weights, CHOSEN, machine, TIMING)

    assert list(artifacts.read_json(path)) == ["train"]


def test_a_folder_in_its_place_is_moved_aside(
    machine: Machine, repository: Path, weights: Path
) -> None:
    path = repository / "provenance.json"
    (path / "note").mkdir(parents=True)

    record(path, weights, CHOSEN, machine, TIMING)

    assert list(artifacts.read_json(path)) == ["train"]
    assert list(repository.glob("provenance.json.*.aside/provenance.json/note"))


def test_without_a_repository_there_is_no_commit(
    machine: Machine, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    record(tmp_path / "provenance.json", weights, CHOSEN, machine, TIMING)

    assert artifacts.read_json(tmp_path / "provenance.json")["train"][HELLO]["commit"] is None
