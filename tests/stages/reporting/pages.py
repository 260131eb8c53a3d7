"""The report's page with given content, and a reader of its tags and text."""

from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd

from stages.reporting.page import render
from stages.results import models

VOID = {"img", "meta", "br", "link"}
LINKS = {
    "metrics": "metrics.json",
    "predictions": "predictions.csv",
    "misclassified": "misclassified.csv",
    "class_table": "classes.csv",
    "confusion_matrix": "confusion_matrix.csv",
    "calibration": "calibration.csv",
    "uncalibrated": "uncalibrated.csv",
    "handwriting": "handwriting.csv",
    "history": "history.csv",
    "retrain_history": "retrain_history.csv",
    "checks": "checks.html",
}
TEST = {
    "accuracy": 0.994,
    "accuracy_low": 0.992285,
    "accuracy_high": 0.995335,
    "errors": 60,
    "images": 10000,
    "loss": 0.016654,
    "calibration_error": 0.0123,
}
PIXEL = "data:image/png;base64,AAAA"


def answer(index: int, label: int, predicted: int) -> dict[str, Any]:
    return {
        "index": index,
        "label": label,
        "predicted": predicted,
        "image": PIXEL,
        "probabilities": [(0, 0.75), (1, 0.00049)],
    }


def written_by_hand(**changed: Any) -> dict[str, Any]:
    summary = {
        "pictures": 1,
        "digits": 1,
        "not_sure": 1,
        "not_a_digit": 0,
        "labelled": 1,
        "right": 0,
        "accuracy": 0.0,
        "no_digit_found": [],
        "unread": {"notes.txt": "expected a PNG or JPEG file, found something else."},
    }
    digit = {
        "address": PIXEL,
        "predicted": "Shirt",
        "confidence": 0.75,
        "doubt": "not sure",
        "runner_up": "T-shirt/top",
        "runner_up_confidence": 0.2,
        "right": False,
    }
    pictures = [{"name": "T.jpg", "address": PIXEL, "digits": [digit]}]
    return {"summary": summary, "pictures": pictures} | changed


def page(**changed: Any) -> str:
    test = models.TestMetrics.model_validate(TEST | changed.pop("test", {})).model_dump()
    arguments: dict[str, Any] = {
        "title": "Wardrobe",
        "recipe": "fast",
        "seed": 7,
        "classes": ("Shirt", "T-shirt/top"),
        "lookalikes": ("Shirt", "T-shirt/top"),
        "metrics": {
            "test": test,
            "validation": {"accuracy": 0.9927},
            "weights": {"sha256": "0123abcd" * 8},
        },
        "calibration": {"error_before": 0.039, "accuracy": 0.999, "coverage": (0.985, 0.81)},
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
        "checks": {
            "expectations": [
                {"set": "train", "description": "Enough.", "success": True, "observed": "9"},
                {"set": "test", "description": "No blank.", "success": False, "observed": "1"},
            ]
        },
        "wrong": [answer(3, 0, 1)] * 54 + [answer(8, 1, 0)] * 6,
        "least_sure": [answer(5, 1, 1)],
        "charts": {"history": "<svg></svg>", "reliability": "<svg></svg>"},
        "pictures": dict.fromkeys(("data_grid", "lookalikes", "first_predictions"), PIXEL),
        "handwriting": written_by_hand(),
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
        if tag in {"dd", "br"}:
            self.text += " "

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"style", "script"} & set(self.open):
            return
        self.text += data
        if self.open[-1:] in (["td"], ["th"]):
            self.rows[-1].append(data)

    def attributes(self, tag: str, attribute: str) -> list[str | None]:
        return [attributes.get(attribute) for name, attributes in self.tags if name == tag]
