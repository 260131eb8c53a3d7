"""Measure how well rendered test digits are read under each distortion, each through a file.

Writes ``results/handwriting.json``. Needs ``data/arrays`` and ``models/classifier.tflite``: run
``make repro`` first.
"""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from benchmarks.rendering import DISTORTIONS, as_picture, plain
from benchmarks.results import record
from stages.photos.handwriting import as_images, read_handwriting
from stages.photos.second_look import look_again
from stages.serving.exported import ExportedModel
from stages.shared import artifacts
from stages.shared.artifacts import Array

DIGITS = 500
SIDE = 28
KINDS = ("16 bit", "RGBA")


def main() -> None:
    """Render, save, read and classify the digits; print and save the table."""
    arrays = Path("data/arrays")
    images = artifacts.read_array(arrays / "test_images.npy")
    labels = artifacts.read_array(arrays / "test_labels.npy")
    chosen = np.arange(0, len(labels), len(labels) // DIGITS)[:DIGITS]
    images, labels = images[chosen], labels[chosen]
    model = ExportedModel(Path("models/classifier.tflite"))

    right = {"undistorted": model.probabilities(images).argmax(axis=1) == labels}
    rendered = {"plain": plain, **DISTORTIONS}
    for name, render in tqdm(rendered.items(), unit="distortion"):
        random = np.random.default_rng(1)
        right[name] = read(
            [as_picture(render(image, random), "grey") for image in images], labels, model
        )
    for kind in KINDS:
        random = np.random.default_rng(1)
        right[kind] = read(
            [as_picture(plain(image, random), kind) for image in images], labels, model
        )

    figures = {
        name: {"accuracy": round(float(answers.mean()), 4), "n": len(answers)}
        for name, answers in right.items()
    }
    for name, figure in figures.items():
        print(f"{name:20} {figure['accuracy']:.1%} of {figure['n']}")
    record("handwriting", figures)


def read(pictures: list[Image.Image], labels: Array, model: ExportedModel) -> Array:
    """Return for each picture whether exactly one digit was found and classified correctly."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for number, picture in enumerate(pictures):
            path = Path(folder) / f"{number:04}.png"
            picture.save(path, compress_level=1)
            paths[path.name] = path
        found = read_handwriting(paths, SIDE)
    right = np.zeros(len(labels), bool)
    form = model.description.images
    found = look_again(found, model.probabilities, form, model.description.doubt)
    for number, digits in enumerate(found.digits.values()):
        if len(digits) == 1:
            image = as_images(digits, form)
            right[number] = model.probabilities(image).argmax() == labels[number]
    return right


if __name__ == "__main__":
    main()
