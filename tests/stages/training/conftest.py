"""What trainings with checkpoints start from."""

from pathlib import Path

import pytest

from stages.shared.artifacts import Array
from stages.training.batches import Examples


@pytest.fixture(scope="module")
def examples(small_mnist: dict[str, Array]) -> Examples:
    return Examples(small_mnist["train_images"][:40], small_mnist["train_labels"][:40])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints"
