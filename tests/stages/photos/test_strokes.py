import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from stages.photos.strokes import find_strokes
from stages.shared.artifacts import Array

SIZE = (400, 300)


def drawn(width: int, shadow: float = 1, blur: float = 0) -> Array:
    """An arch of a pen so wide on grey paper, half in a shadow that is turned."""
    paper, light = Image.new("L", SIZE, 225), Image.new("L", SIZE, 255)
    pen = ImageDraw.Draw(paper)
    if width:
        arch = [(120, 230), (120, 80), (260, 80), (260, 230)]
        pen.line(arch, fill=40, width=width, joint="curve")
    ImageDraw.Draw(light).polygon(
        [(180, 120), (330, 170), (270, 350), (120, 300)], fill=round(255 * shadow)
    )
    seen = [
        np.asarray(picture.filter(ImageFilter.GaussianBlur(blur))) for picture in (paper, light)
    ]
    noise = np.random.default_rng(1).normal(0, 0.01, SIZE[::-1])
    brightness = seen[0] / 255 * (seen[1] / 255) + noise
    return brightness.clip(0, 1).astype(np.float32)


@pytest.mark.parametrize("width", [3, 8, 20, 40])
@pytest.mark.parametrize("shadow", [1, 0.4])
def test_strokes_of_any_width_are_found_in_light_and_shadow(width: int, shadow: float) -> None:
    found = find_strokes(drawn(width, shadow, blur=2))

    (part,) = (part for part in found.parts if part.box.height > 100)
    top, left, bottom, right = part.box
    reach = width / 2
    assert (top, left, right) == pytest.approx((80 - reach, 120 - reach, 260 + reach), abs=5)
    assert bottom == pytest.approx(230, abs=5)
    assert found.width == pytest.approx(width, abs=max(3, 0.2 * width))


@pytest.mark.parametrize("softness", [1, 4, 10])
@pytest.mark.parametrize("shadow", [0.3, 0.6])
def test_a_shadow_is_no_stroke(shadow: float, softness: float) -> None:
    blank = drawn(0, shadow, softness)

    assert find_strokes(blank).parts == []


def test_thin_lines_at_a_thick_stroke_are_left_out() -> None:
    brightness = drawn(20)
    brightness[20:22, 40:360] = brightness[278:280, 40:360] = 0.2
    brightness[20:280, 40:42] = brightness[20:280, 358:360] = 0.2
    # A line that touches the stroke.
    brightness[150:152, 40:360] = 0.2

    (part,) = find_strokes(brightness).parts

    assert part.box.left == pytest.approx(110, abs=10)
    assert part.box.right == pytest.approx(270, abs=10)


def test_the_width_of_each_stroke_follows_from_its_own_ink() -> None:
    faint, strong = drawn(20), drawn(20)
    faint[:, 200:] = strong[:, 200:] = 225 / 255
    sheet = np.concatenate([strong, 1 - 0.4 * (1 - faint)], axis=1)

    boxes = sorted(part.box for part in find_strokes(sheet).parts)

    assert len(boxes) == 2
    assert boxes[0].width == pytest.approx(boxes[1].width, abs=3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (2, 3), (30, 2000)])
def test_any_shape_is_looked_at(shape: tuple[int, int]) -> None:
    found = find_strokes(np.full(shape, 0.9, np.float32))

    assert found.parts == []
    assert found.darkness.shape == found.numbered.shape == shape
