import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from stages.dataset.expectations import ExpectationError
from stages.dataset.idx import IdxError
from stages.ingest import main
from stages.shared import artifacts
from stages.shared.artifacts import Array

Edit = Callable[[Path, str, Any], None]

MNIST = Path(__file__).parents[1] / "fixtures" / "mnist-small"
PACKED = {
    "train_images": "train-images-idx3-ubyte.gz",
    "train_labels": "train-labels-idx1-ubyte.gz",
    "test_images": "t10k-images-idx3-ubyte.gz",
    "test_labels": "t10k-labels-idx1-ubyte.gz",
}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A folder as ``fetch`` writes it."""
    folder = tmp_path / "raw"
    folder.mkdir()
    for name, packed in PACKED.items():
        (folder / f"{name}.idx").write_bytes(gzip.decompress((MNIST / packed).read_bytes()))
    return folder


def ingest(params: Path, raw: Path, out: Path) -> None:
    main(params, raw, out / "arrays", out / "checks.json", out / "checks.html")


def written(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()
    }


def test_arrays_and_the_report_of_the_checks_are_written(
    small_params: Path, raw: Path, tmp_path: Path, small_mnist: dict[str, Array]
) -> None:
    ingest(small_params, raw, tmp_path / "out")

    for name, expected in small_mnist.items():
        found = artifacts.read_array(tmp_path / "out" / "arrays" / f"{name}.npy")
        assert isinstance(found, np.memmap)
        np.testing.assert_array_equal(found, expected)
    checks = artifacts.read_json(tmp_path / "out" / "checks.json")
    assert checks["success"]
    page = (tmp_path / "out" / "checks.html").read_text()
    assert "Data checks of MNIST: All 25 expectations met" in page
    for item in checks["expectations"]:
        assert f"{item['set']}-{item['name']}" in page


def test_the_same_data_give_the_same_bytes(small_params: Path, raw: Path, tmp_path: Path) -> None:
    ingest(small_params, raw, tmp_path / "one")
    moved = raw.rename(tmp_path / "elsewhere")
    ingest(small_params, moved, tmp_path / "two")

    assert written(tmp_path / "one") == written(tmp_path / "two")


def test_a_failed_expectation_stops_the_stage_and_leaves_its_report(
    small_params: Path, raw: Path, tmp_path: Path
) -> None:
    images = (raw / "test_images.idx").read_bytes()
    # The fourth test image becomes a copy of the third.
    (raw / "test_images.idx").write_bytes(
        images[: 16 + 3 * 784] + images[16 + 2 * 784 : 16 + 3 * 784] + images[16 + 4 * 784 :]
    )
    out = tmp_path / "out"

    with pytest.raises(ExpectationError) as caught:
        ingest(small_params, raw, out)

    assert str(caught.value) == (
        f"{raw}: expected data that meet every expectation, found failed: test-duplicate; "
        f"see {out / 'checks.html'}."
    )
    assert sorted(written(out)) == ["checks.html", "checks.json"]
    assert artifacts.read_json(out / "checks.json")["failed"] == ["test-duplicate"]
    assert "1 of 25 expectations failed" in (out / "checks.html").read_text()


@pytest.mark.parametrize("name", PACKED)
def test_a_damaged_file_is_named_and_nothing_is_written(
    small_params: Path, raw: Path, tmp_path: Path, name: str
) -> None:
    path = raw / f"{name}.idx"
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(IdxError, match=f"{name}.idx: expected"):
        ingest(small_params, raw, tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_images_in_place_of_labels_are_refused(
    small_params: Path, raw: Path, tmp_path: Path
) -> None:
    (raw / "train_images.idx").rename(raw / "train_labels.idx")

    with pytest.raises(IdxError, match=r"train_images.idx: expected an IDX file, found no such"):
        ingest(small_params, raw, tmp_path / "out")

    (raw / "test_images.idx").rename(raw / "train_images.idx")
    with pytest.raises(IdxError, match=r"train_labels.idx: expected labels .* 600 x 28 x 28"):
        ingest(small_params, raw, tmp_path / "out")


def test_another_data_set_needs_no_more_than_an_entry(small_params: Path, tmp_path: Path) -> None:
    yaml = YAML()
    params = yaml.load(small_params)
    shapes = params["datasets"]["shapes"] = {**params["datasets"]["mnist"], "title": "Shapes"}
    shapes["classes"] = ["circle", "square", "star"]
    shapes["lookalikes"] = {"of": "circle", "resembling": "star"}
    shapes["expectations"] = {
        **shapes["expectations"],
        **{"train_images": 30, "test_images": 12, "height": 5, "width": 4},
        **{"pixel_minimum": -9, "pixel_maximum": 9, "class_share_maximum": 0.4},
    }
    params["dataset"] = "shapes"
    yaml.dump(params, small_params)
    raw, generator = tmp_path / "raw", np.random.default_rng(3)
    raw.mkdir()
    images = {name: generator.normal(size=(n, 5, 4)) for name, n in (("train", 30), ("test", 12))}
    for name, array in images.items():
        size = bytes([0, 0, 0, len(array)])
        header = b"\0\0\x0d\3" + size + b"\0\0\0\5\0\0\0\4"
        (raw / f"{name}_images.idx").write_bytes(header + array.astype(">f4").tobytes())
        labels = bytes(index % 3 for index in range(len(array)))
        (raw / f"{name}_labels.idx").write_bytes(b"\0\0\x08\1" + size + labels)

    ingest(small_params, raw, tmp_path / "out")

    found = artifacts.read_array(tmp_path / "out" / "arrays" / "train_images.npy")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, images["train"].astype(np.float32))
    assert "circle, square, star" in (tmp_path / "out" / "checks.html").read_text()


def test_a_failed_expectation_is_one_line_and_an_exit_code(
    small_params: Path, raw: Path, tmp_path: Path, edit: Edit
) -> None:
    edit(small_params, "datasets.mnist.expectations.train_images", 601)
    options = {
        "--params": small_params,
        "--raw": raw,
        "--arrays": tmp_path / "arrays",
        "--checks": tmp_path / "checks.json",
        "--page": tmp_path / "checks.html",
    }

    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "stages",
            "ingest",
            *(str(part) for pair in options.items() for part in pair),
        ],
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert "train-image-count, train-label-count" in done.stderr
    assert json.loads((tmp_path / "checks.json").read_bytes())["success"] is False
