"""Define the style that all pictures share."""

import io
import math
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unicodedata import bidirectional

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import text_to_path

INK, SOFT, LINE, PALE = "#1d2129", "#59616f", "#d8dce3", "#e3e9f1"
BLUE, ORANGE, GREEN, RED = "#1f5fa8", "#c2570c", "#17692e", "#b3141f"
# Colours become CSS variables, so that the page's dark scheme can change them.
_VARIABLES = {
    INK: "var(--ink)",
    SOFT: "var(--soft)",
    LINE: "var(--line)",
    BLUE: "var(--accent)",
    ORANGE: "var(--second)",
}

FONT = "DejaVu Sans"
"""It is part of matplotlib, so that each machine draws the same."""
DPI = 160
POINTS, POINTS_PER_INCH = 9, 72
LONGEST_LINE = 18  # characters


@contextmanager
def style() -> Iterator[None]:
    """Apply the same style whatever the user's matplotlib settings; a $ in a name stays a $."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "font.family": FONT,
                "font.size": POINTS,
                "text.color": INK,
                "text.parse_math": False,
                "axes.edgecolor": LINE,
                "axes.labelcolor": INK,
                "axes.spines.top": False,
                "xtick.color": SOFT,
                "ytick.color": SOFT,
            }
        )
        yield


@style()
def png(figure: Figure) -> bytes:
    """Draw a figure as a PNG file; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


@style()
def svg(figure: Figure) -> str:
    """Draw a figure as an SVG element for a page, in the page's colours and font.

    The same figure gives the same text.
    """
    mpl.rcParams["svg.fonttype"] = "none"
    mpl.rcParams["svg.hashsalt"] = "page"
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    drawn = buffer.getvalue()
    element = drawn[drawn.index("<svg") :]
    # Groups have the same ids in every figure, and nothing refers to them.
    element = re.sub(r'<g id="\w+">', "<g>", element)
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r"font-family: [^;\"]*;? ?", "", element)
    for colour, variable in _VARIABLES.items():
        element = element.replace(colour, variable)
    return element


def drawable(names: Sequence[str]) -> list[str]:
    """Return class names as a picture can have them.

    A name becomes "class" and its number if the font lacks one of its characters, or if it is
    written from right to left, which matplotlib cannot do.
    """
    glyphs = get_font(findfont(FontProperties(family=[FONT]))).get_charmap()

    def can_draw(character: str) -> bool:
        return ord(character) in glyphs and bidirectional(character) not in {"R", "AL"}

    return [
        name if all(map(can_draw, name)) else f"class {number}" for number, name in enumerate(names)
    ]


def wrap(text: str) -> str:
    """Wrap lines that are too long to fit side by side."""
    return "\n".join(textwrap.fill(line, LONGEST_LINE) for line in text.splitlines())


def width(text: str) -> int:
    """Return the width of the widest line in dots, the pixels of the PNG."""
    font = FontProperties()
    points = [
        text_to_path.get_text_width_height_descent(line, font, ismath=False)[0]
        for line in text.splitlines()
    ]
    return math.ceil(max(points, default=0) * DPI / POINTS_PER_INCH)
