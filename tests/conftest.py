"""What tests of several rooms share."""

import gzip
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from ruamel.yaml import YAML

from stages.reporting import handwriting, metrics
from stages.reporting.calibration import calibration
from stages.serving.description import Description, ImageFormat
from stages.shared import artifacts
from stages.shared.artifacts import Array

ROOT = Path(__file__).parents[1]
FIXTURES = Path(__file__).parent / "fixtures"

_yaml = YAML(typ="safe", pure=True)
_yaml.default_flow_style = False  # DVC refuses an address in a flow mapping

# Sizes and SHA-256 of the uncompressed fixtures, by `wc -c` and `sha256sum`.
SMALL_FILES = {
    "train_images": {
        "name": "train-images-idx3-ubyte",
        "bytes": 470416,
        "sha256": "ed3cf154352e4d7fa29892a8ded924b3a481be7e129660c09aafc47b637e2803",
    },
    "train_labels": {
        "name": "train-labels-idx1-ubyte",
        "bytes": 608,
        "sha256": "c2ad746c48f5219000739348f423b5d097de30034785e2ebc431a9728567c7eb",
    },
    "test_images": {
        "name": "t10k-images-idx3-ubyte",
        "bytes": 156816,
        "sha256": "cefe86a05637f831a20aef251bd9db19004a2c986ec848d345c40ffd09264afc",
    },
    "test_labels": {
        "name": "t10k-labels-idx1-ubyte",
        "bytes": 208,
        "sha256": "181dda88fbf8032cf747bf0766ad9d035b6bb747997214d834eb8d2f33a72210",
    },
}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the files with slow tests first, so that no worker is left with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


class Web(ThreadingHTTPServer):
    """A web server with what its handler may look at."""

    asked: list[str]
    """Where requests may be noted."""
    answer: tuple[int, dict[str, str]]
    """A status and headers."""


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[Web]:
    """A web server on loopback, whose handler finds in ``asked`` what it may note requests in."""
    with Web(("127.0.0.1", 0), handler) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


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


@pytest.fixture
def small_params(tmp_path: Path) -> Path:
    """The project's params.yaml, its data set cut to the small MNIST and its recipe to seconds."""
    path = tmp_path / "params.yaml"
    write_small_params(path)
    return path


def write_small_params(path: Path, epochs: int = 2) -> None:
    """Write the parameters of the small MNIST."""
    params = _yaml.load(ROOT / "params.yaml")
    mnist, fast = params["datasets"]["mnist"], params["recipes"]["fast"]
    mnist["files"] = SMALL_FILES
    mnist["sources"] = [{"kind": "folder", "path": str(FIXTURES / "mnist-small")}]
    mnist["expectations"] |= {
        "train_images": 600,
        "test_images": 200,
        "class_share_minimum": 0.05,
        "class_share_maximum": 0.2,
    }
    fast["split"]["validation_images"] = 100
    fast["training"]["epochs"] = epochs
    _yaml.dump(params, path)


@pytest.fixture
def small_search(tmp_path: Path) -> Path:
    """The project's tuning/params.yaml, cut to two cells, two folds and few images."""
    path = tmp_path / "search.yaml"
    search = _yaml.load(ROOT / "tuning" / "params.yaml")
    search["folds"] = 2
    search["space"] = {"training.learning_rate": [0.0001, 0.01]}
    search["learning_curve"] = {"images": [300, 100]}
    _yaml.dump(search, path)
    return path


@pytest.fixture
def edit() -> Callable[[Path, str, Any], None]:
    """Change one value of a YAML file, its place named as in ``recipes.fast.training.epochs``."""

    def edit(path: Path, place: str, value: Any) -> None:
        content = _yaml.load(path)
        *sections, last = [int(name) if name.isdecimal() else name for name in place.split(".")]
        section = content
        for name in sections:
            section = section[name]
        section[last] = value
        _yaml.dump(content, path)

    return edit


@pytest.fixture
def beside(tmp_path: Path) -> dict[str, Path]:
    """What a training writes beside its outputs."""
    return {
        "checkpoints": tmp_path / "checkpoints",
        "tensorboard": tmp_path / "tensorboard",
        "provenance": tmp_path / "provenance.json",
    }


CLASSES = tuple("0123456789")


@pytest.fixture
def mnist_description() -> Description:
    """What a model of MNIST takes and answers."""
    form = ImageFormat(
        height=28, width=28, dtype="uint8", minimum=0.0, maximum=255.0, background="minimum"
    )
    return Description(version=1, dataset="mnist", title="MNIST", classes=CLASSES, images=form)


CHECKS = {
    "success": True,
    "failed": [],
    "expectations": [
        {
            "name": "image-count",
            "set": "train",
            "description": "The training set has 600 images.",
            "success": True,
            "expected": "600",
            "observed": "600",
            "unexpected_images": None,
            "unexpected_share": None,
            "first_unexpected": [],
        }
    ],
}


def write_results(
    reports: Path, probabilities: Array, labels: Array, classes: Sequence[str] = CLASSES
) -> None:
    """Write what `evaluate` writes of these answers; there is a history already."""
    table = metrics.prediction_table(probabilities, labels)
    for name, content in {
        "predictions.csv": table,
        "misclassified.csv": metrics.misclassified(table, classes),
        "classes.csv": metrics.per_class(table, classes),
        "confusion_matrix.csv": metrics.confusion_matrix(table, classes),
        "calibration.csv": calibration(table),
    }.items():
        artifacts.write_table(reports / name, content)
    history = artifacts.read_table(reports / "history.csv")
    artifacts.write_json(reports / "metrics.json", metrics.summary(table, history, b"weights"))


@pytest.fixture
def report_inputs(
    tmp_path: Path, small_arrays: Path, small_params: Path, small_mnist: dict[str, Array]
) -> dict[str, Path]:
    """What the stage reads: the nearest class mean is the classifier."""
    flat = {
        name: small_mnist[f"{name}_images"].reshape(-1, 784) / 255 for name in ("train", "test")
    }
    labels = small_mnist["train_labels"]
    means = np.stack([flat["train"][labels == number].mean(axis=0) for number in range(10)])
    distances = np.square(flat["test"][:, np.newaxis] - means).sum(axis=2)
    likelihood = np.exp(distances.min(axis=1, keepdims=True) - distances).astype(np.float32)
    probabilities = likelihood / likelihood.sum(axis=1, keepdims=True)
    reports = tmp_path / "reports"
    artifacts.write_text(reports / "history.csv", "epoch,loss,accuracy\n1,0.5,0.75\n2,0.25,0.8\n")
    artifacts.write_text(reports / "retrain_history.csv", "epoch,loss\n1,0.4\n2,0.2\n")
    write_results(reports, probabilities, small_mnist["test_labels"])
    artifacts.write_json(reports / "checks.json", CHECKS)
    folder = tmp_path / "handwriting"
    folder.mkdir()
    Image.new("L", (90, 60), 200).save(folder / "7.png")
    read = handwriting.answers(["7.png"], probabilities[:1], CLASSES)
    artifacts.write_table(reports / "handwriting.csv", read)
    artifacts.write_json(
        reports / "handwriting.json", handwriting.summary(read, ["7.png"], {}, CLASSES)
    )
    artifacts.write_array(tmp_path / "digits.npy", small_mnist["test_images"][:1])
    return {
        "params": small_params,
        "arrays": small_arrays,
        "checks": reports / "checks.json",
        "calibration": reports / "calibration.csv",
        "folder": folder,
        "digits": tmp_path / "digits.npy",
        "read": reports / "handwriting.csv",
        "read_summary": reports / "handwriting.json",
        "history": reports / "history.csv",
        "retrain_history": reports / "retrain_history.csv",
        "metrics": reports / "metrics.json",
        "predictions": reports / "predictions.csv",
        "misclassified": reports / "misclassified.csv",
        "classes": reports / "classes.csv",
        "confusion_matrix": reports / "confusion_matrix.csv",
    }
