"""Photographs of handwriting in conditions that make the digits hard to find."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from benchmarks import camera, drawing
from benchmarks.camera import HEIGHT, WIDTH, painted, photographed, turned
from benchmarks.drawing import CANVAS, Random, at, cropped, written
from stages.shared.artifacts import Array

PENS = np.array([[0.08, 0.08, 0.10], [0.10, 0.15, 0.50], [0.55, 0.08, 0.10], [0.30, 0.30, 0.31]])
FAINT, YELLOW = np.array([0.70, 0.69, 0.67]), np.array([0.88, 0.80, 0.12])
PRINT = np.array([0.16, 0.16, 0.17])
GREY, PALE, DARK = np.array([[0.45, 0.45, 0.45], [0.62, 0.70, 0.84], [0.38, 0.44, 0.66]])

Drawn = Callable[[Array, Random], Array]


class Condition(NamedTuple):
    """A kind of photograph."""

    digits: int
    """How many digits it shows."""
    render: Drawn
    """Maps digits, ``(n, 28, 28)`` uint8, to what the camera sees: ``(height, width, 3)``."""


def one(digits: Array, random: Random, smallest: int = 150, largest: int = 260) -> Array:
    """Write a digit near the middle of a plane; none if there is none."""
    if not len(digits):
        return np.zeros((CANVAS, CANVAS), np.float32)
    ink = written(digits[0], int(random.integers(smallest, largest)), drawing.pen(random))
    return turned(at(ink, _near_middle(random, 40)), random.uniform(-5, 5))


def _near_middle(random: Random, distance: float) -> tuple[float, float]:
    right, down = CANVAS / 2 + random.uniform(-distance, distance, 2)
    return right, down


def _on_paper(ink: Array, random: Random, pen: Array | None = None) -> Array:
    colour = random.choice(PENS) if pen is None else pen
    return photographed(painted(camera.paper(random), ink, colour), camera.daylight(random), random)


def _plain(digits: Array, random: Random) -> Array:
    return _on_paper(one(digits, random), random)


def _faint(digits: Array, random: Random) -> Array:
    return _on_paper(one(digits, random), random, FAINT)


def _yellow(digits: Array, random: Random) -> Array:
    return _on_paper(one(digits, random), random, YELLOW)


def _rotated(degrees: float) -> Drawn:
    def render(digits: Array, random: Random) -> Array:
        ink = at(written(digits[0], 230, drawing.pen(random)), _near_middle(random, 20))
        return _on_paper(turned(ink, degrees * random.choice([-1, 1])), random)

    return render


def _under_a_lamp(digits: Array, random: Random) -> Array:
    sheet = painted(camera.paper(random), one(digits, random), random.choice(PENS))
    return photographed(sheet, camera.lamp(random), random)


def _in_a_phones_shadow(digits: Array, random: Random) -> Array:
    """Let the shadow reach from an edge into the middle."""
    sheet = painted(camera.paper(random), one(digits, random), random.choice(PENS))
    right, down = _near_middle(random, 80)
    wide = random.uniform(80, 150)
    phone = drawing.rectangle(right - wide, down, right + wide, CANVAS)
    phone = turned(np.rot90(phone, int(random.integers(4))), random.uniform(-20, 20))
    return photographed(sheet, camera.shadow(phone, random), random)


def _on_a_desk(digits: Array, random: Random) -> Array:
    ink = one(digits, random, 120, 180)
    sheet = painted(camera.paper(random), ink, random.choice(PENS))
    right, down = _near_middle(random, 15)
    wide, high = random.uniform(130, 165), random.uniform(140, 200)
    mask = drawing.rectangle(right - wide, down - high, right + wide, down + high)
    degrees = random.uniform(-10, 10)
    scene = painted(camera.desk(random), turned(mask, degrees), turned(sheet, degrees))
    return photographed(scene, camera.daylight(random), random)


def _at_the_edge(digits: Array, random: Random) -> Array:
    """Show one or two edges of the sheet."""
    left = (CANVAS - WIDTH) / 2 + random.uniform(8, 40)
    bottom = (CANVAS + HEIGHT) / 2 - random.uniform(8, 40) if random.random() < 1 / 2 else CANVAS
    mask = turned(drawing.rectangle(left, 0, CANVAS, bottom), random.uniform(-2, 2))
    if random.random() < 1 / 2:
        mask = mask[:, ::-1]
    sheet = painted(camera.paper(random), one(digits, random, largest=220), random.choice(PENS))
    scene = painted(camera.desk(random), mask, sheet)
    return photographed(scene, camera.daylight(random), random)


def _in_a_box(digits: Array, random: Random) -> Array:
    ink = one(digits, random, largest=220)
    box = drawing.frame(ink, random.uniform(12, 40), int(random.integers(2, 5)))
    return _on_a_form(ink, box, random)


def _touching_its_box(digits: Array, random: Random) -> Array:
    ink = one(digits, random)
    box = drawing.frame(ink, random.uniform(-2, 1), int(random.integers(2, 5)))
    return _on_a_form(ink, box, random)


def _on_a_form(ink: Array, printed: Array, random: Random, colour: Array = PRINT) -> Array:
    form = painted(camera.paper(random), printed, colour)
    sheet = painted(form, ink, random.choice(PENS))
    return photographed(sheet, camera.daylight(random), random)


def _circled(digits: Array, random: Random) -> Array:
    ink = one(digits, random, largest=200)
    circle = drawing.circle(ink, int(random.integers(4, 10)), random)
    return _on_paper(np.maximum(ink, circle), random)


def _underlined(digits: Array, random: Random) -> Array:
    ink = one(digits, random)
    line = drawing.underline(ink, int(random.integers(4, 12)), random)
    return _on_paper(np.maximum(ink, line), random)


def _squared(colour: Array, drawn: Callable[..., Array] = drawing.squares) -> Drawn:
    def render(digits: Array, random: Random) -> Array:
        width = 2 if drawn is drawing.squares else 4
        lines = drawn(int(random.integers(26, 60)), width, random.uniform(0, 60, 2))
        printed = turned(lines, random.uniform(-4, 4))
        return _on_a_form(one(digits, random), printed, random, colour)

    return render


def _lines(count: int) -> Drawn:
    """Write so many sloping lines of digits."""

    def render(digits: Array, random: Random) -> Array:
        ink = np.zeros((CANVAS, CANVAS), np.float32)
        pen = drawing.pen(random)
        in_line = len(digits) // count
        for number, digit in enumerate(digits):
            side = int(random.integers(80, 110))
            right = CANVAS / 2 + 110 * (number % in_line - (in_line - 1) / 2)
            down = CANVAS / 2 + 125 * (number // in_line - (count - 1) / 2)
            place = right + random.uniform(-8, 8), down + random.uniform(-8, 8)
            ink = np.maximum(ink, at(written(digit, side, pen), place))
        ink = turned(ink, random.uniform(6, 12) * random.choice([-1, 1]))
        sheet = painted(camera.paper(random), ink, random.choice(PENS))
        return photographed(sheet, camera.daylight(random), random, 420, CANVAS)

    return render


def _overlapping(digits: Array, random: Random) -> Array:
    """Write two digits so that the second begins on the first."""
    pen = drawing.pen(random)
    first, second = (cropped(written(digit, 150, pen)) for digit in digits)
    distance = (first.shape[1] + second.shape[1]) / 2 - random.uniform(4, 25)
    places = ((CANVAS + side * distance) / 2 for side in (-1, 1))
    ink = [at(one, (right, CANVAS / 2)) for one, right in zip((first, second), places, strict=True)]
    return _on_paper(np.maximum(*ink), random)


CONDITIONS = {
    "plain": Condition(1, _plain),
    "sheet on a dark desk": Condition(1, _on_a_desk),
    "edge of the sheet": Condition(1, _at_the_edge),
    "phone's shadow": Condition(1, _in_a_phones_shadow),
    "lamp": Condition(1, _under_a_lamp),
    "box": Condition(1, _in_a_box),
    "box that touches": Condition(1, _touching_its_box),
    "circled": Condition(1, _circled),
    "underlined": Condition(1, _underlined),
    "squared paper": Condition(1, _squared(PALE)),
    "dark squared paper": Condition(1, _squared(DARK)),
    "dot grid": Condition(1, _squared(GREY, drawing.dots)),
    "very faint": Condition(1, _faint),
    "yellow pen": Condition(1, _yellow),
    "sloping line": Condition(5, _lines(1)),
    "two sloping lines": Condition(6, _lines(2)),
    "overlapping digits": Condition(2, _overlapping),
    "rotated by 35 degrees": Condition(1, _rotated(35)),
    "rotated by 45 degrees": Condition(1, _rotated(45)),
    "blank": Condition(0, _plain),
    "blank, lamp": Condition(0, _under_a_lamp),
    "blank, phone's shadow": Condition(0, _in_a_phones_shadow),
    "blank, squared paper": Condition(0, _squared(PALE)),
    "blank, dark squared paper": Condition(0, _squared(DARK)),
    "blank, dot grid": Condition(0, _squared(GREY, drawing.dots)),
    "blank, sheet on a desk": Condition(0, _on_a_desk),
    "blank, edge of the sheet": Condition(0, _at_the_edge),
}
