import os
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from stages.shared.guard.declaration import Declaration
from stages.shared.guard.fingerprint import differences, recorded_hash, take

DECLARATION = Declaration(
    stage="train",
    dependencies=("file.txt", "folder"),
    parameters=(("params.yaml", "seed"), ("params.yaml", "rate"), ("params.yaml", "absent")),
    outputs=(),
    owned_by_people=(),
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.txt").write_text("hello\n")
    (tmp_path / "folder" / "sub").mkdir(parents=True)
    # Names whose order differs by character and by part of the path.
    for name in ("b.txt", "sub/a.txt", "sub-a.txt", "Ä ö.txt"):
        (tmp_path / "folder" / name).write_text(name)
    (tmp_path / "params.yaml").write_text("seed: 1\nrate: 1e-3\nother: 2\n")
    return tmp_path


def test_hashes_are_those_that_dvc_records(project: Path) -> None:
    def dvc(*arguments: str) -> None:
        environment = os.environ | {"DVC_SITE_CACHE_DIR": str(project / "site")}
        subprocess.run(
            [sys.executable, "-m", "dvc", *arguments], cwd=project, env=environment, check=True
        )

    dvc("init", "--quiet", "--no-scm")
    dvc("add", "--quiet", "file.txt", "folder")
    found = take(DECLARATION)

    for name in ("file.txt", "folder"):
        (recorded,) = YAML(typ="safe").load(project / f"{name}.dvc")["outs"]
        assert recorded_hash(found, name) == recorded["md5"]


def test_nothing_differs_when_nothing_has_changed(project: Path) -> None:
    before = take(DECLARATION)
    (project / "params.yaml").write_text("# a comment\nseed: 1\nrate: 0.001\nother: 3\n")
    (project / "file.txt").touch()

    assert differences(before, take(DECLARATION, before)) == []


def test_every_change_is_named(project: Path) -> None:
    before = take(DECLARATION)
    (project / "file.txt").write_text("HELLO\n")
    (project / "folder" / "b.txt").unlink()
    (project / "folder" / "new.txt").write_text("")
    (project / "params.yaml").write_text("seed: 2\nrate: 1e-3\nabsent: {}\n")

    assert differences(before, take(DECLARATION, before)) == [
        "absent in params.yaml",
        "file.txt",
        "folder/b.txt",
        "folder/new.txt",
        "seed in params.yaml",
    ]


def test_a_change_that_keeps_size_and_time_is_named(project: Path) -> None:
    before = take(DECLARATION)
    status = (project / "file.txt").stat()
    (project / "file.txt").write_text("HELLO\n")
    os.utime(project / "file.txt", ns=(status.st_atime_ns, status.st_mtime_ns))

    assert differences(before, take(DECLARATION, before)) == ["file.txt"]


def test_a_file_of_unchanged_status_is_not_read_again(project: Path) -> None:
    before = take(DECLARATION)
    # Only a copy would be read; its content is not that of the file.
    forged = before._replace(
        files={path: file._replace(md5="0" * 32) for path, file in before.files.items()}
    )

    assert take(DECLARATION, forged) == forged
    assert (project / "file.txt").read_text() == "hello\n"


def test_a_missing_file_is_a_state_too(project: Path) -> None:
    (project / "file.txt").unlink()
    before = take(DECLARATION)
    assert differences(before, take(DECLARATION, before)) == []

    (project / "file.txt").write_text("hello\n")
    assert differences(before, take(DECLARATION, before)) == ["file.txt"]


def test_what_python_compiles_is_no_change(project: Path) -> None:
    before = take(DECLARATION)
    (project / "folder" / "__pycache__").mkdir()
    (project / "folder" / "__pycache__" / "a.pyc").write_text("")

    assert differences(before, take(DECLARATION, before)) == []
