import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stages.fetch import main

Edit = Callable[[Path, str, Any], None]

MNIST = Path(__file__).parents[1] / "fixtures" / "mnist-small"


def test_the_four_files_stand_uncompressed_under_the_names_of_the_pipeline(
    small_params: Path, tmp_path: Path
) -> None:
    main(small_params, tmp_path / "raw")

    assert {path.name: path.read_bytes() for path in (tmp_path / "raw").iterdir()} == {
        name: gzip.decompress((MNIST / packed).read_bytes())
        for name, packed in {
            "train_images.idx": "train-images-idx3-ubyte.gz",
            "train_labels.idx": "train-labels-idx1-ubyte.gz",
            "test_images.idx": "t10k-images-idx3-ubyte.gz",
            "test_labels.idx": "t10k-labels-idx1-ubyte.gz",
        }.items()
    }


def test_failure_is_a_message_and_the_exit_code_for_trying_again(
    small_params: Path, tmp_path: Path, edit: Edit
) -> None:
    nowhere = {"kind": "folder", "path": "no/such/folder"}
    edit(small_params, "datasets.mnist.sources", [nowhere])

    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "stages",
            "fetch",
            "--params",
            small_params,
            "--raw",
            tmp_path / "raw",
        ],
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 75
    assert "error: no source has all the files" in done.stderr
    assert "folder no/such/folder: no such folder" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("raw/*"))
