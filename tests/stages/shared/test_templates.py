from pathlib import Path

import jinja2
import pytest

from stages.shared.templates import environment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ 0.99415 | percent }}", "99.41 %"),
        ("{{ 0.5 | percent(0) }}", "50 %"),
        ("{{ none | percent }}", "not measured"),
        ("{{ 1 | counted('image') }}", "1 image"),
        ("{{ 1200 | counted('image') }}", "1,200 images"),
        ("{{ '<b>' }}", "&lt;b&gt;"),
        ("{{ name }}", r"&lt;script&gt;\u202e"),
        ("{{ [name] | join(', ') }}", r"&lt;script&gt;\u202e"),
        ("{{ '<b>\n' | safe }}", "<b>\n"),
    ],
)
def test_a_template_is_filled_in(text: str, expected: str) -> None:
    filled = environment(Path()).from_string(text).render(name="<script>\u202e")

    assert filled.replace("\N{NO-BREAK SPACE}", " ") == expected


def test_a_name_that_is_not_given_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="missing"):
        environment(Path()).from_string("{{ missing }}").render()
