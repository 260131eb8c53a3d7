"""What tests of the gate and of promotions start from."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.pipelines.promoting import commit
from tests.pipelines.repositories import isolate, isolated, make_gated


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What is copied for each test."""
    root = tmp_path_factory.mktemp("committed")
    with isolated(root):
        folder = make_gated(root / "gated")
        commit(folder, 50)
        yield folder


@pytest.fixture
def promotable(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose model is committed, with its gate report; a copy for each test."""
    isolate(monkeypatch, tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("COLUMNS", "200")
    shutil.copytree(committed, tmp_path / "gated", symlinks=True)
    return tmp_path / "gated"
