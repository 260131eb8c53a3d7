"""Measure what is answered for pictures of letters, blots and creases, beside pictures of digits.

Writes ``results/doubt.json``. Needs ``data/arrays`` and ``models/classifier.tflite``: run
``make repro`` first. The network was trained with none of these pictures.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from benchmarks.drawing import Random, pen, written
from benchmarks.rendering import on_paper, photographed
from benchmarks.results import record
from stages.photos.handwriting import Handwriting, digits_on
from stages.photos.second_look import look_again
from stages.serving.exported import ExportedModel
from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.shared.doubt import NOT_A_DIGIT, NOT_SURE

MODEL = Path("models/classifier.tflite")
COUNT = 500
SIDE = 280  # pixels of a picture
FONTS = ("DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# Letters that nobody would read as a digit, chosen by their shape alone.
UNLIKE_DIGITS = "AEFHKMNRTVWXYaefhkmnrtvwxy"


def main() -> None:
    """Draw, read and classify; print and save the table."""
    images = artifacts.read_array(Path("data/arrays/test_images.npy"))

    def digit(random: Random) -> Array:
        ink = written(images[random.integers(len(images))], SIDE, pen(random))
        return np.asarray(ink, np.float32)

    kinds: dict[str, Callable[[Random], Array]] = {
        "digits": digit,
        "letters": lambda random: letter(LETTERS, random),
        "letters unlike digits": lambda random: letter(UNLIKE_DIGITS, random),
        "blots": blot,
        "creases": creases,
    }
    model, figures = ExportedModel(MODEL), dict[str, Any]()
    doubt = model.description.doubt
    if doubt is None:
        sys.exit(
            f"error: expected a calibrated model in {MODEL}, found another; choose recipe fast."
        )
    for number, (name, draw) in enumerate(kinds.items()):
        random = np.random.default_rng(number)
        seen = [see(draw(random), random, model) for _ in range(COUNT)]
        marks, changed = (np.concatenate(parts) for parts in zip(*seen, strict=True))
        doubts = np.array(doubt.of(model.probabilities(marks).max(axis=1), changed))
        figures[name] = {
            "marks": len(marks),
            NOT_A_DIGIT: round(float((doubts == NOT_A_DIGIT).mean()), 3),
            NOT_SURE: round(float((doubts == NOT_SURE).mean()), 3),
            "sure": round(float((doubts == "").mean()), 3),
        }
        print(f"{name:22}", figures[name], flush=True)
    record("doubt", {"pictures": COUNT, "kinds": figures})


def see(ink: Array, random: Random, model: ExportedModel) -> tuple[Array, Array]:
    """Photograph ink on paper; return the marks that are found, and whether each was changed."""
    brightness = photographed(on_paper(ink, random), random)
    images, strokes = digits_on(brightness[..., np.newaxis], 28)
    found = Handwriting({"": images}, {}, {"": strokes}, {})
    form, doubt = model.description.images, model.description.doubt
    again = look_again(found, model.probabilities, form, doubt)
    return again.digits[""], again.changed[""]


def letter(letters: str, random: Random) -> Array:
    """Write a letter in a printed font, bent and rotated a little: ``(280, 280)`` ink."""
    path = font_manager.findfont(str(random.choice(FONTS)))
    plane = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(plane).text(
        (SIDE / 2, SIDE / 2),
        letters[random.integers(len(letters))],
        fill=255,
        font=ImageFont.truetype(path, SIDE / 2),
        anchor="mm",
    )
    turned = ndimage.rotate(
        np.asarray(plane, np.float32) / 255, random.uniform(-10, 10), reshape=False, order=1
    )
    bends = [ndimage.gaussian_filter(random.standard_normal(turned.shape), 25) for _ in "yx"]
    places = np.mgrid[:SIDE, :SIDE] + 150 * np.array(bends)
    bent: Array = np.clip(ndimage.map_coordinates(turned, places, order=1), 0, 1)
    return bent.astype(np.float32)


def blot(random: Random) -> Array:
    """Spill ink: the part of smooth random hills that is above water, in the middle of a plane."""
    away = np.hypot(*(np.mgrid[:SIDE, :SIDE] - SIDE / 2)) / random.uniform(40, 90)
    hills = ndimage.gaussian_filter(random.standard_normal((SIDE, SIDE)), random.uniform(12, 40))
    spilled: Array = np.clip(4 * (hills / hills.std() + 1.5 - away**2), 0, 1)
    return spilled.astype(np.float32)


def creases(random: Random) -> Array:
    """Crease paper: soft lines of little ink across a plane."""
    ink = np.zeros((SIDE, SIDE), np.float32)
    for _ in range(random.integers(1, 4)):
        angle, offset = random.uniform(0, np.pi), random.uniform(-60, 60)
        down, right = np.mgrid[:SIDE, :SIDE] - SIDE / 2
        away = np.abs(right * np.cos(angle) + down * np.sin(angle) - offset)
        ink += random.uniform(0.1, 0.4) * np.exp(-((away / random.uniform(1, 4)) ** 2))
    return np.clip(ink, 0, 1)


if __name__ == "__main__":
    main()
