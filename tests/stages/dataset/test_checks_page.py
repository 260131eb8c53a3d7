from html.parser import HTMLParser
from typing import Any

import pytest

from stages.dataset.checks_page import render


def expectation(**changed: Any) -> dict[str, Any]:
    return {
        "name": "height",
        "set": "train",
        "description": "Every image is 28 pixels high.",
        "success": True,
        "expected": "28",
        "observed": "28",
        "unexpected_images": 0,
        "unexpected_share": 0.0,
        "first_unexpected": [],
    } | changed


def outcome(*expectations: dict[str, Any]) -> dict[str, Any]:
    failed = [f"{item['set']}-{item['name']}" for item in expectations if not item["success"]]
    return {"success": not failed, "failed": failed, "expectations": list(expectations)}


class Page(HTMLParser):
    """A page's tables as rows of texts, its other texts, and all tags with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.texts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        elif tag in {"th", "td"}:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if not data.strip():
            return
        inside = [tag for tag, _ in self.tags if tag in {"th", "td", "h2", "h1"}][-1:]
        if inside and inside[0] in {"th", "td"}:
            self.rows[-1][-1] += data.strip() + "|"
        else:
            self.texts.append(data.strip())


FAILED = expectation(
    name="blank",
    set="test",
    description="No images are blank.",
    success=False,
    expected="0 images",
    observed="1,200 images",
    unexpected_images=1200,
    unexpected_share=0.12,
    first_unexpected=[3, 14, 15],
)


def test_every_expectation_has_its_row() -> None:
    counted = expectation(name="count", unexpected_images=None, unexpected_share=None)

    page = Page(render("Shapes", outcome(expectation(), counted, FAILED)))

    heading = ["Expectation|", "Result|", "Expected|", "Observed|", "Unexpected images|"]
    assert page.rows == [
        heading,
        ["Every image is 28 pixels high.|train-height|", "✓ met|", "28|", "28|", "0|"],
        [
            "Every image is 28 pixels high.|train-count|",
            "✓ met|",
            "28|",
            "28|",
            "not checked image by image|",
        ],
        heading,
        [
            "No images are blank.|test-blank|",
            "✗ failed|",
            "0 images|",
            "1,200 images|",
            "1,200 (12 %)|the first at index 3, 14, 15|",
        ],
    ]


def test_all_unexpected_images_are_not_called_the_first() -> None:
    few = FAILED | {"unexpected_images": 2, "unexpected_share": 0.0002, "first_unexpected": [3, 9]}

    assert Page(render("Shapes", outcome(few))).rows[-1][-1] == "2 (0.02 %)|at index 3, 9|"


@pytest.mark.parametrize(
    ("expectations", "result"),
    [
        ([expectation(), FAILED], "1 of 2 expectations failed"),
        ([expectation(), expectation(name="width")], "All 2 expectations met"),
    ],
)
def test_the_page_names_the_data_set_and_the_result(
    expectations: list[dict[str, Any]], result: str
) -> None:
    page = Page(render("Shapes", outcome(*expectations)))

    assert f"Data checks of Shapes: {result}" in page.texts
    assert result in page.texts


def test_names_are_text_and_never_markup() -> None:
    script = "<script>alert(1)</script>"

    page = render(script, outcome(expectation(description=script, observed=script)))

    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 4


def test_the_page_needs_no_other_file() -> None:
    tags = Page(render("Shapes", outcome(expectation(), FAILED))).tags

    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in tags}
    assert not [attributes for _, attributes in tags if {"src", "href"} & attributes.keys()]
    assert "http" not in render("Shapes", outcome(expectation(), FAILED))


def test_the_same_outcome_gives_the_same_page() -> None:
    assert render("Shapes", outcome(FAILED)) == render("Shapes", outcome(FAILED))
