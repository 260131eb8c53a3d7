"""Count the photographs of handwriting that are read wholly right, in many conditions.

Writes ``results/photos.json``. Needs ``data/arrays`` and ``models/classifier.tflite``: run
``make repro`` first. ``--development`` renders images of the validation part instead of test
images, with other random numbers, and writes nothing: the finder is improved with these.
"""

import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image

from benchmarks.camera import exposed
from benchmarks.conditions import CONDITIONS
from benchmarks.results import record
from stages.photos.handwriting import read_handwriting, stacked
from stages.photos.second_look import look_again
from stages.results.handwriting import answers
from stages.serving.exported import ExportedModel
from stages.shared import artifacts
from stages.shared.doubt import NOT_A_DIGIT

ARRAYS, MODEL = Path("data/arrays"), Path("models/classifier.tflite")
SIDE = 28
JPEG_QUALITY = 85
LARGE = 4000, 3000  # 12 megapixels
# Training images that `train` is not fitted to.
VALIDATION = slice(50_000, None)
# By whether the finder is improved with the photographs; change the other once they were looked at.
SEEDS = {True: 1, False: 2}


def main(
    count: Annotated[int, typer.Option(help="photographs of each condition")] = 100,
    development: Annotated[bool, typer.Option("--development")] = False,
    only: Annotated[str, typer.Option(help="part of the conditions' names")] = "",
    keep: Annotated[Path | None, typer.Option(help="folder for what is not read right")] = None,
) -> None:
    """Render, save and read the photographs; print and save the table."""
    names = [name for name in CONDITIONS if only in name]
    right = {}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        counted = pool.map(partial(count_right, count, development, keep), names)
        for name, found in zip(names, counted, strict=True):
            right[name] = found
            print(f"{name:28} {found:3} of {count}", flush=True)
    seconds = seconds_of_a_large_picture()
    print(f"{seconds:.2f} s for one of {LARGE[0]} x {LARGE[1]} pixels")
    if not development and not only:
        record("photos", {"right": right, "of": count, "seconds_of_12_megapixels": seconds})


def count_right(count: int, development: bool, keep: Path | None, name: str) -> int:
    """Render photographs in a condition; return how many are read wholly right."""
    condition, model = CONDITIONS[name], ExportedModel(MODEL)
    part, where = ("train", VALIDATION) if development else ("test", slice(None))
    images, labels = (
        artifacts.read_array(ARRAYS / f"{part}_{kind}.npy")[where] for kind in ("images", "labels")
    )
    random = np.random.default_rng([list(CONDITIONS).index(name), SEEDS[development]])
    right = 0
    for trial in range(count):
        chosen = random.integers(len(images), size=condition.digits)
        expected = "".join(map(str, labels[chosen]))
        picture = exposed(condition.render(images[chosen], random), random)
        found = read(picture, model)
        right += found == expected
        if keep and found != expected:
            keep.mkdir(parents=True, exist_ok=True)
            picture.save(keep / f"{name} {trial} {expected} as {found}.jpg", quality=JPEG_QUALITY)
    return right


def read(picture: Image.Image, model: ExportedModel) -> str:
    """Return the digits on a picture in reading order, as saved to a JPEG file.

    What the network takes for no digit is left out.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.jpg"
        picture.save(path, quality=JPEG_QUALITY)
        found = read_handwriting({path.name: path}, SIDE)
    form, doubt = model.description.images, model.description.doubt
    found = look_again(found, model.probabilities, form, doubt)
    if not found.names:
        return ""
    probabilities = model.probabilities(stacked(found, form))
    read = answers(found.names, probabilities, model.description.classes, doubt, found.changes)
    return "".join(read.loc[read["doubt"] != NOT_A_DIGIT, "predicted"])


def seconds_of_a_large_picture() -> float:
    """Measure the time of the processor for reading one photograph of several digits."""
    images, model = artifacts.read_array(ARRAYS / "test_images.npy"), ExportedModel(MODEL)
    condition = CONDITIONS["two sloping lines"]
    random = np.random.default_rng(1)
    seen = condition.render(images[: condition.digits], random)
    pixels = [
        np.asarray(Image.fromarray(channel).resize(LARGE, Image.Resampling.BICUBIC))
        for channel in seen.transpose(2, 0, 1)
    ]
    picture = exposed(np.stack(pixels, axis=-1), random)
    start = time.process_time()
    read(picture, model)
    return round(time.process_time() - start, 2)


if __name__ == "__main__":
    typer.run(main)
