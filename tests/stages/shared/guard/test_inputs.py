from pathlib import Path

import pytest

from stages.shared.guard.declaration import Declaration
from stages.shared.guard.fingerprint import take
from stages.shared.guard.inputs import InputError, check_inputs

# `printf hello | md5sum`
HELLO = "5d41402abc4b2a76b9719d911017c592"
DECLARATION = Declaration("train", ("input.txt", "photos", "code.py"), (), (), ("photos",))
LOCK = f"""
schema: '2.0'
stages:
  make:
    cmd: make
    outs:
      - {{path: input.txt, hash: md5, md5: {HELLO}, size: 5}}
      - {{path: photos, hash: md5, md5: {HELLO}.dir, size: 5, nfiles: 1}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "input.txt").write_text("hello")
    (tmp_path / "dvc.lock").write_text(LOCK)
    return tmp_path


@pytest.mark.usefixtures("project")
def test_recorded_inputs_are_accepted() -> None:
    check_inputs(DECLARATION, take(DECLARATION))


def test_an_input_that_is_not_recorded_is_accepted(project: Path) -> None:
    (project / "dvc.lock").unlink()

    check_inputs(DECLARATION, take(DECLARATION))


def test_another_content_is_refused_with_the_command_that_repairs_it(project: Path) -> None:
    (project / "input.txt").write_text("hellO")

    with pytest.raises(InputError, match=rf"^input\.txt: expected MD5 {HELLO}.*`make repro`"):
        check_inputs(DECLARATION, take(DECLARATION))


def test_a_missing_input_is_refused(project: Path) -> None:
    (project / "input.txt").unlink()

    with pytest.raises(InputError, match=r"input\.txt: expected .*, found missing; run"):
        check_inputs(DECLARATION, take(DECLARATION))


@pytest.mark.parametrize(
    "content", ["stages: [", "<<<<<<< HEAD\n", "[1]", "stages: 1", "stages: {make: {outs: [1]}}"]
)
def test_a_lock_that_dvc_did_not_write_is_refused(project: Path, content: str) -> None:
    (project / "dvc.lock").write_text(content)

    with pytest.raises(InputError, match=r"dvc\.lock: expected what DVC writes, found: "):
        check_inputs(DECLARATION, take(DECLARATION))
