"""The small MNIST: its first 600 training and 200 test images, in tests/fixtures."""

from pathlib import Path

from ruamel.yaml import YAML

from tests.helpers import ROOT

FOLDER = ROOT / "tests" / "fixtures" / "mnist-small"

yaml = YAML(typ="safe", pure=True)
yaml.default_flow_style = False  # DVC refuses an address in a flow mapping

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


def write_small_params(path: Path, epochs: int = 2) -> None:
    """Write the parameters of the small MNIST."""
    params = yaml.load(ROOT / "params.yaml")
    mnist, fast = params["datasets"]["mnist"], params["recipes"]["fast"]
    mnist["files"] = SMALL_FILES
    mnist["sources"] = [{"kind": "folder", "path": str(FOLDER)}]
    mnist["expectations"] |= {
        "train_images": 600,
        "test_images": 200,
        "class_share_minimum": 0.05,
        "class_share_maximum": 0.2,
    }
    fast["split"]["validation_images"] = 100
    fast["training"]["epochs"] = epochs
    yaml.dump(params, path)
