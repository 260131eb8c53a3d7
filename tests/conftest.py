"""What tests of several rooms share."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from stages.artifacts import Array

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="session")
def small_mnist() -> dict[str, Array]:
    """The first 600 training and 200 test images of MNIST, read by hand past their headers."""

    def payload(name: str, header: int) -> Array:
        content = gzip.decompress((FIXTURES / "mnist-small" / name).read_bytes())
        return np.frombuffer(content, np.uint8, offset=header)

    return {
        "train_images": payload("train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28),
        "train_labels": payload("train-labels-idx1-ubyte.gz", 8),
        "test_images": payload("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28),
        "test_labels": payload("t10k-labels-idx1-ubyte.gz", 8),
    }


@pytest.fixture
def small_arrays(tmp_path: Path, small_mnist: dict[str, Array]) -> Path:
    """A folder as ``ingest`` writes it, with the small MNIST."""
    folder = tmp_path / "arrays"
    folder.mkdir()
    for name, array in small_mnist.items():
        np.save(folder / f"{name}.npy", array)
    return folder
