from collections.abc import Callable
from pathlib import Path

import pytest

from stages.shared.guard.inputs import InputError
from stages.shared.guard.session import ChangedError, check_unchanged, guarded, when_unchanged

PIPELINE = """
stages:
  make:
    cmd: python -m stages make
    deps: [input.txt, folder]
    params: [seed]
    outs: [output.txt, made, {photos: {persist: true}}]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_STAGE", "make")
    # Or the test would end with whoever started it.
    monkeypatch.setattr("stages.shared.guard.session.end_with_parent", lambda: None)
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    (tmp_path / "params.yaml").write_text("seed: 1\n")
    (tmp_path / "input.txt").write_text("hello")
    (tmp_path / "folder").mkdir()
    return tmp_path


def run(stage: Callable[[], object]) -> None:
    with guarded():
        stage()


def write_outputs(project: Path) -> None:
    (project / "output.txt").write_text("made")
    for name in ("made", "photos"):
        (project / name).mkdir()
        (project / name / "one.txt").write_text("made")


def test_outputs_stay_when_nothing_has_changed(project: Path) -> None:
    called = []
    with guarded():
        write_outputs(project)
        when_unchanged(lambda: called.append("first"))
        when_unchanged(lambda: called.append("second"))
        check_unchanged()
        assert called == []

    assert called == ["first", "second"]
    assert (project / "output.txt").exists()
    assert (project / "made" / "one.txt").exists()


def test_a_change_removes_the_outputs_but_what_people_own(project: Path) -> None:
    called = []

    def stage() -> None:
        write_outputs(project)
        when_unchanged(lambda: called.append("never"))
        (project / "input.txt").write_text("hellO")
        (project / "params.yaml").write_text("seed: 2\n")

    with pytest.raises(ChangedError, match=r"found changed: input\.txt, seed in params\.yaml; "):
        run(stage)

    assert called == []
    assert not (project / "output.txt").exists()
    assert not (project / "made").exists()
    assert (project / "photos" / "one.txt").exists()


def test_a_change_can_be_noticed_before_the_end(project: Path) -> None:
    def stage() -> None:
        (project / "input.txt").write_text("hellO")
        check_unchanged()
        raise AssertionError

    with pytest.raises(ChangedError):
        run(stage)


def test_of_many_changes_the_first_are_named(project: Path) -> None:
    def stage() -> None:
        for number in range(12):
            (project / "folder" / f"{number:x}").touch()

    with pytest.raises(ChangedError, match=r"folder/0, .*folder/4 and 7 more; "):
        run(stage)


def test_a_failure_of_the_stage_is_what_is_raised(project: Path) -> None:
    def stage() -> None:
        write_outputs(project)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(stage)

    assert (project / "output.txt").exists()


def test_what_a_killed_process_was_writing_is_removed(project: Path) -> None:
    (project / ".output.txt.abc.part").touch()
    (project / ".other.txt.abc.part").touch()
    with guarded():
        pass

    assert [path.name for path in project.glob(".*.part")] == [".other.txt.abc.part"]


def test_a_stage_does_not_start_from_damaged_input(project: Path) -> None:
    record = "stages: {other: {cmd: a, outs: [{path: input.txt, md5: aa}]}}"
    (project / "dvc.lock").write_text(record)

    with pytest.raises(InputError), guarded():
        raise AssertionError


def test_without_dvc_nothing_is_guarded(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DVC_STAGE")
    called = []
    with guarded():
        (project / "input.txt").write_text("hellO")
        when_unchanged(lambda: called.append("at once"))
        check_unchanged()
        assert called == ["at once"]


def test_a_stage_of_another_file_is_found(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_STAGE", "tuning/dvc.yaml:make")
    (project / "tuning").mkdir()
    (project / "dvc.yaml").rename(project / "tuning" / "dvc.yaml")
    (project / "tuning" / "params.yaml").write_text("")

    with pytest.raises(ChangedError), guarded():
        (project / "input.txt").unlink()
