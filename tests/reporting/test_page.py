from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.reporting.page import render

VOID = {"img", "meta", "br"}
LINKS = {
    "figures": "figures",
    "checks": "checks.html",
    "metrics": "metrics.json",
    "predictions": "predictions.csv",
    "misclassified": "misclassified.csv",
    "class_table": "classes.csv",
    "confusion_matrix": "confusion_matrix.csv",
    "history": "history.csv",
    "retrain_history": "retrain_history.csv",
}
TEST = {
    "accuracy": 0.994,
    "accuracy_low": 0.992285,
    "accuracy_high": 0.995335,
    "errors": 60,
    "images": 10000,
    "loss": 0.016654,
}


def page(**changed: Any) -> str:
    test = TEST | changed.pop("test", {})
    arguments: dict[str, Any] = {
        "title": "Wardrobe",
        "recipe": "fast",
        "seed": 7,
        "classes": ("Shirt", "T-shirt/top"),
        "lookalikes": ("Shirt", "T-shirt/top"),
        "metrics": {"test": test, "validation": {"accuracy": 0.9927}},
        # As pandas reads it back: names that are digits come as numbers.
        "class_table": pd.DataFrame(
            {
                "class": [0, 1],
                "support": [6000, 4000],
                "precision": [0.5, 1.0],
                "recall": [0.991, 0.9985],
                "f1": [0.75, 0.25],
            }
        ),
        "confusions": np.array([[5946, 54], [6, 3994]]),
        "links": LINKS,
    }
    return render(**arguments | changed)


class Reader(HTMLParser):
    """A page's tags with their attributes, its table rows, and its text as one line."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag == "dd":
            self.text += " "

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.text += data
        if self.open[-1:] in (["td"], ["th"]):
            self.rows[-1].append(data)

    def attributes(self, tag: str, attribute: str) -> list[str | None]:
        return [attributes.get(attribute) for name, attributes in self.tags if name == tag]


def test_the_result_comes_first() -> None:
    text = Reader(page()).text

    for expected in (
        "Wardrobe: 99.40 % test accuracy",
        "99.40 % of 10,000 test images",
        "The 95 % interval is 99.23 % to 99.53 %.",
        "Test errors 60 of 10,000",
        "Test loss 0.0167",
        "Validation accuracy 99.27 %",
        "Recipe fast",
        "Seed 7",
    ):
        assert expected in text
        assert text.index(expected) < text.index("What it gets wrong")


def test_every_class_has_its_row_under_its_own_name() -> None:
    heading, *rows = Reader(page()).rows

    assert heading == ["Class", "Images", "Missed", "Recall", "Precision", "F1"]
    percent = "\N{NO-BREAK SPACE}%"
    assert rows == [
        ["Shirt", "6,000", "54", *(f"{share}{percent}" for share in ("99.10", "50.00", "75.00"))],
        [
            "T-shirt/top",
            "4,000",
            "6",
            *(f"{share}{percent}" for share in ("99.85", "100.00", "25.00")),
        ],
    ]


def test_every_picture_lies_beside_the_page_and_is_described() -> None:
    reader = Reader(page())

    assert sorted(map(str, reader.attributes("img", "src"))) == [
        "figures/confusion_matrix.png",
        "figures/data_grid.png",
        "figures/first_predictions.png",
        "figures/history.png",
        "figures/lookalikes.png",
        "figures/misclassified.png",
    ]
    assert all(reader.attributes("img", "alt"))
    assert len([tag for tag, _ in reader.tags if tag == "figcaption"]) == 6


def test_the_page_leads_to_the_checks_and_the_tables() -> None:
    addresses = Reader(page()).attributes("a", "href")

    assert sorted(map(str, addresses)) == sorted(set(LINKS.values()) - {"figures"})


def test_a_path_with_a_space_becomes_an_address() -> None:
    reader = Reader(page(links=LINKS | {"figures": "../my figures", "metrics": "a#b.json"}))

    assert "../my%20figures/history.png" in reader.attributes("img", "src")
    assert "a%23b.json" in reader.attributes("a", "href")


@pytest.mark.parametrize(
    ("errors", "caption"),
    [
        (60, "The 40 most confident of 60 errors, the most confident first."),
        (40, "All 40 errors, the most confident first."),
        (1, "The one error."),
        (0, "No errors Every test image is classified correctly."),
    ],
)
def test_the_caption_counts_the_errors_that_are_shown(errors: int, caption: str) -> None:
    assert caption in Reader(page(test={"errors": errors})).text


def test_the_most_frequent_confusion_is_named() -> None:
    assert (
        "The most frequent confusion: Shirt taken for T-shirt/top (54 images)."
        in Reader(page()).text
    )


def test_without_errors_no_confusion_is_named() -> None:
    assert "most frequent" not in page(confusions=np.diag([6000, 4000]))


def test_the_lookalikes_are_named() -> None:
    text = Reader(page(lookalikes=("T-shirt/top", "Shirt"))).text

    assert "T-shirt/top, or Shirt?" in text


def test_names_are_text_and_never_markup() -> None:
    evil = '"><script>alert(1)</script>'

    written = page(title=evil, recipe=evil, classes=(evil, "b"), lookalikes=(evil, "b"))

    assert "<script" not in written
    assert "script" not in {tag for tag, _ in Reader(written).tags}


def test_the_page_needs_no_network_and_no_script() -> None:
    tags = {tag for tag, _ in Reader(page()).tags}

    assert not {"script", "link", "iframe"} & tags
    assert "http" not in page()
    assert "url(" not in page()


def test_the_page_suits_phones_and_dark_rooms() -> None:
    reader = Reader(page())

    assert "width=device-width, initial-scale=1" in reader.attributes("meta", "content")
    assert "prefers-color-scheme: dark" in page()


def test_every_tag_is_closed() -> None:
    assert Reader(page()).open == []


def test_the_same_arguments_give_the_same_page() -> None:
    assert page() == page()
