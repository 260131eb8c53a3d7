from collections.abc import Callable

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from stages.reporting import style
from stages.shared.artifacts import Array

Pixels = Callable[[Figure], Array]


@style.style()
def drawn(text: str) -> Figure:
    figure = Figure(figsize=(2, 1))
    figure.text(0, 0.5, text)
    figure.add_subplot().plot([1, 2])
    return figure


def test_the_machines_own_settings_do_not_show() -> None:
    first = style.png(drawn("text"))
    with mpl.rc_context({"font.size": 20, "lines.linewidth": 9, "savefig.facecolor": "red"}):
        second = style.png(drawn("text"))

    assert first == second
    assert first != style.png(drawn("other"))


def test_a_picture_names_no_program_that_made_it() -> None:
    assert b"Software" not in style.png(drawn("text"))


def test_a_dollar_is_a_dollar(pixels: Pixels) -> None:
    figure = drawn("a $_b$")

    assert not figure.texts[0].get_parse_math()
    assert pixels(figure).shape == (160, 320, 4)


@style.style()
def test_a_line_is_as_wide_as_it_is_drawn() -> None:
    figure = drawn("Ankle boot")
    figure.set_dpi(style.DPI)

    assert abs(figure.texts[0].get_window_extent().width - style.width("Ankle boot\nBag")) <= 1


def test_long_lines_are_broken_and_short_ones_kept() -> None:
    assert style.wrap("Bag\n(was T-shirt or top)") == "Bag\n(was T-shirt or\ntop)"


def test_a_chart_on_a_page_takes_the_pages_colours_and_font() -> None:
    chart = style.svg(drawn("text"))

    assert chart.startswith("<svg")
    assert "var(--soft)" in chart
    assert style.SOFT not in chart
    assert ">text</text>" in chart
    assert "DejaVu" not in chart
    # Nothing of the day or the program, and no names that two charts would share.
    assert "metadata" not in chart
    assert 'id="axes' not in chart


def test_the_same_chart_is_the_same_text() -> None:
    assert style.svg(drawn("text")) == style.svg(drawn("text"))


@pytest.mark.parametrize("name", ["T-shirt/top", "Ärmel", "Пальто", "Φόρεμα", "αβ ✓", ""])
def test_names_that_the_font_has_are_drawn_as_they_are(name: str) -> None:
    assert style.drawable(["0", name]) == ["0", name]


@pytest.mark.parametrize("name", ["漢字", "シャツ", "셔츠", "कपड़े", "👕", "قميص", "חולצה", "a漢"])
def test_other_names_are_drawn_as_a_number(name: str) -> None:
    assert style.drawable(["0", name, "2"]) == ["0", "class 1", "2"]
