"""Show the user's own pictures with what the network read on them."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from stages.reporting.cards import PixelRange, address, image_address
from stages.results.handwriting import label
from stages.shared.artifacts import Array
from stages.shared.doubt import NOT_A_DIGIT
from stages.shared.pictures import upright

MOST_SHOWN = 100
"""Most pictures on the page; the first by name are shown."""
_THUMBNAIL = 320  # pixels of the longer side


def shown(
    folder: Path,
    answers: pd.DataFrame,
    digits: Array,
    no_digit_found: Sequence[str],
    classes: Sequence[str],
    pixels: PixelRange,
) -> list[dict[str, Any]]:
    """Describe the first pictures by name, with the digits found on each.

    Args:
        folder: of the pictures.
        answers: as ``answers`` returns them.
        digits: ``(n, height, width)`` or ``(n, height, width, 3)``, one for each answer.
        no_digit_found: names of further pictures.
        classes: the name of each class.
        pixels: the range of the data set, which the digits have too.

    Returns:
        For each picture its ``name``, ``address`` (data URL of a small copy) and ``digits``. Each
        digit has its ``address`` as the network saw it, ``right`` (None if unlabelled or no digit),
        and the columns of ``answers``.
    """
    read: dict[str, list[dict[str, Any]]] = {
        name: [] for name in sorted({*answers["picture"], *no_digit_found})[:MOST_SHOWN]
    }
    records: list[dict[str, Any]] = answers.to_dict("records")  # type: ignore[assignment]
    for answer, image in zip(records, digits, strict=True):
        name = answer["picture"]
        if name in read:
            expected = label(name, classes)
            counts = expected is not None and answer["doubt"] != NOT_A_DIGIT
            right = answer["predicted"] == expected if counts else None
            read[name].append({**answer, "address": image_address(image, pixels), "right": right})
    return [
        {
            "name": name,
            "address": address(_thumbnail(folder / name), "image/jpeg"),
            "digits": found,
        }
        for name, found in read.items()
    ]


def _thumbnail(path: Path) -> bytes:
    """Return a small copy of a picture, upright and on white, as a JPEG file."""
    with Image.open(path) as picture:
        turned = upright(picture)
        if turned.mode.startswith("I"):
            # Pillow would clip 16 bits.
            turned = Image.fromarray((np.asarray(turned) // 257).astype(np.uint8))
        colours = turned.convert("RGBA")
        paper = Image.new("RGBA", colours.size, "white")
        small = Image.alpha_composite(paper, colours).convert("RGB")
        small.thumbnail((_THUMBNAIL, _THUMBNAIL))
        buffer = io.BytesIO()
        small.save(buffer, "jpeg", quality=80)
    return buffer.getvalue()
