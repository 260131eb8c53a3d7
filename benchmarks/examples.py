"""Create the example pictures in ``data/handwriting``: MNIST test digits as photographs.

Each file is named after its digit; the same data give the same files. Needs ``data/arrays``: run
``make repro`` first.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from benchmarks.rendering import (
    BOARD,
    CHALK,
    as_picture,
    enlarged,
    light,
    on_paper,
    photographed,
    placed,
    rotated,
    ruled,
    shadow,
)
from stages.shared import artifacts
from stages.shared.artifacts import Array

FOLDER = Path("data/handwriting")
SHEET = "31415926"
WARM = np.array([1.0, 0.97, 0.9])  # red, green and blue of paper under a lamp


def main() -> None:
    """Draw the pictures and save them."""
    arrays = Path("data/arrays")
    images = artifacts.read_array(arrays / "test_images.npy")
    labels = artifacts.read_array(arrays / "test_labels.npy")
    # Not the first of each class, which the report already shows.
    digits = [enlarged(images[np.flatnonzero(labels == number)[1]]) for number in range(10)]
    random = np.random.default_rng(1)

    def photo(ink: Array) -> Array:
        return photographed(on_paper(ink, random), random)

    def lit(ink: Array, lamp: Array) -> Array:
        return photographed(on_paper(ink, random) * lamp, random)

    shape = digits[0].shape
    turned = ndimage.gaussian_filter(on_paper(rotated(digits[2], 12), random), 3)
    sheet = np.concatenate(
        [np.concatenate([digits[int(name)] for name in line], 1) for line in (SHEET[:4], SHEET[4:])]
    )
    pictures = {
        "0-lamp-from-a-side.jpg": warm(lit(digits[0], light(shape, random))),
        "1-in-the-shadow-of-a-hand.jpg": warm(lit(digits[1], shadow(shape, random))),
        "2-turned-and-out-of-focus.jpg": warm(photographed(turned * light(shape, random), random)),
        "3-on-ruled-paper.png": as_picture(
            photographed(ruled(on_paper(digits[3], random)), random), "grey"
        ),
        "4-chalk-on-a-board.jpg": as_picture(
            photographed(BOARD + (CHALK - BOARD) * digits[4], random), "grey"
        ),
        "5-scanned-with-16-bits.png": as_picture(photo(digits[5]), "16 bit"),
        "6-drawn-on-a-tablet.png": as_picture(1 - digits[6], "RGBA"),
        "7-at-the-edge.jpg": warm(photo(placed(digits[7], 448, 672, random))),
        "8-tiny.png": as_picture(photo(placed(digits[8][::4, ::4], 600, 450, random)), "grey"),
        "9-turned-the-other-way.png": as_picture(photo(rotated(digits[9], -13)), "grey"),
        f"sheet-{SHEET}.jpg": warm(lit(sheet, light(sheet.shape, random))),
        "blank.jpg": warm(lit(np.zeros(shape, np.float32), light(shape, random))),
    }

    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        picture.save(FOLDER / name)


def warm(brightness: Array) -> Image.Image:
    """Tint a photograph with the colour of the light."""
    return Image.fromarray(np.rint(255 * brightness[..., np.newaxis] * WARM).astype(np.uint8))


if __name__ == "__main__":
    main()
