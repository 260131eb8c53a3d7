"""Add data sets of many kinds, each with one command, and measure the accuracy that they reach.

The sets are scikit-learn's digits, Fashion-MNIST if Debian's package ``dataset-fashion-mnist`` is
installed, and others that are made of MNIST's images: with other types of pixels and labels, of
other sizes, in colour, and of more classes. Each is added to a fresh clone by ``python -m pipelines
dataset add``, and then the whole pipeline runs. Needs ``data/arrays`` of MNIST: run ``make repro``
first.
"""

import gzip
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from benchmarks.clone import fresh_clone, timed
from benchmarks.results import record
from stages.new_dataset.files import write_idx
from stages.shared import artifacts
from stages.shared.artifacts import Array

ARRAYS = Path("data/arrays")
FASHION = Path("/usr/share/datasets/fashion-mnist")
TRAIN, TEST = 10_000, 2_000


def main() -> None:
    """Measure, print and save the figures of each set."""
    figures: dict[str, Any] = {}
    for name, write in SETS.items():
        with fresh_clone() as clone:
            source = write(clone)
            if source is None:
                continue
            add = ["dataset", "add", name, source, "--use"]
            timed([sys.executable, "-m", "pipelines", *add], clone)
            timed([sys.executable, "-m", "pipelines", "repro"], clone)
            test = artifacts.read_json(clone / "reports" / "metrics.json")["test"]
            images = artifacts.read_array(clone / "data" / "arrays" / "train_images.npy")
            figures[name] = {
                "command": " ".join(["python -m pipelines", *add]),
                "training_images": len(images),
                "test_images": test["images"],
                "shape": list(images.shape[1:]),
                "pixels": images.dtype.name,
                "classes": len(artifacts.read_table(clone / "reports" / "classes.csv")),
                "test_accuracy": test["accuracy"],
            }
        print(name, figures[name], flush=True)
        record("datasets", {"sets": figures})


def digits8(clone: Path) -> str:
    """Write scikit-learn's digits: 8 x 8 pixels from 0 to 16."""
    digits = load_digits()
    np.savez(clone / "digits.npz", images=digits.images, labels=digits.target)
    return "digits.npz"


def fashion(_: Path) -> str | None:
    """Take Fashion-MNIST, if it is installed."""
    return str(FASHION) if FASHION.is_dir() else None


def int16(clone: Path) -> str:
    """Write MNIST with 16 bits a pixel, below and above 0."""
    return arrays(clone, lambda images: (images.astype(np.int16) - 100) * 100)


def fractions(clone: Path) -> str:
    """Write MNIST with pixels from 0 to 1."""
    return arrays(clone, lambda images: images.astype(np.float32) / 255)


def dark_on_light(clone: Path) -> str:
    """Write MNIST with dark ink on light paper."""
    return arrays(clone, lambda images: 255 - images)


def side64(clone: Path) -> str:
    """Write MNIST with 64 x 64 pixels."""
    return arrays(clone, lambda images: resized(images, 64), 3000, 600)


def few(clone: Path) -> str:
    """Write 200 images of MNIST."""
    images, labels = mnist("train", 200)
    np.savez(clone / "few.npz", images=images, labels=labels)
    return "few.npz"


def from_one(clone: Path) -> str:
    """Write MNIST as compressed IDX files with labels from 1 to 10."""
    folder = clone / "from-one"
    folder.mkdir()
    for kind, count in (("train", TRAIN), ("test", TEST)):
        images, labels = mnist(kind, count)
        for what, array in (("images", images), ("labels", labels + 1)):
            path = folder / f"{kind}-{what}"
            write_idx(path, array)
            (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
            path.unlink()
    return "from-one"


def pairs62(clone: Path) -> str:
    """Write the numbers from 0 to 61, of two digits."""
    return numbers(clone, 62, 2, 150)


def triples600(clone: Path) -> str:
    """Write the numbers from 0 to 599, of three digits."""
    return numbers(clone, 600, 3, 30)


def colour224(clone: Path) -> str:
    """Write pictures of 224 x 224 pixels: digits of any colour on any other."""
    random = np.random.default_rng(0)
    images, labels = mnist("train", 600)
    for number, (image, label) in enumerate(zip(resized(images, 224), labels, strict=True)):
        ink = image[..., np.newaxis] / 255
        dark, light = random.uniform(0, 90, 3), random.uniform(165, 255, 3)
        pixels = dark * ink + light * (1 - ink)
        folder = clone / "colour" / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.rint(pixels).astype(np.uint8)).save(folder / f"{number}.png")
    return "colour"


def mnist(kind: str, count: int) -> tuple[Array, Array]:
    """Return the first images of MNIST, and their labels."""
    images, labels = (
        np.array(artifacts.read_array(ARRAYS / f"{kind}_{what}.npy")[:count])
        for what in ("images", "labels")
    )
    return images, labels


def arrays(
    clone: Path, change: Callable[[Array], Array], train: int = TRAIN, test: int = TEST
) -> str:
    """Write changed images of MNIST as a file of NumPy."""
    (x_train, y_train), (x_test, y_test) = mnist("train", train), mnist("test", test)
    np.savez(
        clone / "arrays.npz",
        x_train=change(x_train),
        y_train=y_train,
        x_test=change(x_test),
        y_test=y_test,
    )
    return "arrays.npz"


def numbers(clone: Path, classes: int, digits: int, images: int) -> str:
    """Write so many images of each number, as digits of MNIST side by side."""
    random = np.random.default_rng(0)
    pixels, labels = mnist("train", 60_000)
    of_digit = [pixels[labels == digit] for digit in range(10)]
    drawn = [
        np.concatenate(
            [random.choice(of_digit[int(digit)]) for digit in f"{number:0{digits}d}"], axis=1
        )
        for number in range(classes)
        for _ in range(images)
    ]
    np.savez(
        clone / "numbers.npz", images=np.stack(drawn), labels=np.repeat(range(classes), images)
    )
    return "numbers.npz"


def resized(images: Array, side: int) -> Array:
    """Return square images with another side."""
    return np.stack([np.asarray(Image.fromarray(image).resize((side, side))) for image in images])


SETS: dict[str, Callable[[Path], str | None]] = {
    "digits8": digits8,
    "fashion": fashion,
    "int16": int16,
    "fractions": fractions,
    "dark-on-light": dark_on_light,
    "from-one": from_one,
    "pairs62": pairs62,
    "triples600": triples600,
    "few": few,
    "side64": side64,
    "colour224": colour224,
}


if __name__ == "__main__":
    main()
