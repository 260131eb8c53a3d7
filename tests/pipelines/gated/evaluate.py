"""Get the first images wrong of 1000, half of which are cats; each answer is 90 % sure."""

import json
import math
from pathlib import Path

from ruamel.yaml import YAML

wrong = YAML(typ="safe", pure=True).load(Path("params.yaml"))["wrong"]
accuracy = 1 - wrong / 1000
# Of Wilson's 95 % interval.
z = 1.959963984540054
middle, half = accuracy + z**2 / 2000, z * math.sqrt(accuracy * (1 - accuracy) / 1000 + z**2 / 4e6)
test = {
    "accuracy": accuracy,
    "accuracy_low": (middle - half) / (1 + z**2 / 1000),
    "accuracy_high": (middle + half) / (1 + z**2 / 1000),
    "errors": wrong,
    "images": 1000,
    "loss": -accuracy * math.log(0.9) - (1 - accuracy) * math.log(0.1),
    "calibration_error": abs(accuracy - 0.9),
}
metrics = {
    "test": {name: round(value, 6) for name, value in test.items()},
    "validation": {"accuracy": 0.5},
    "weights": {"sha256": "a" * 64},
}
check = {
    "name": "image-count",
    "set": "test",
    "description": "The test set has 1,000 images.",
    "success": True,
    "expected": "1,000",
    "observed": "1,000",
    "unexpected_images": None,
    "unexpected_share": None,
    "first_unexpected": [],
}
checks = {"success": True, "failed": [], "expectations": [check]}


def measures(right: int, support: int, predicted: int) -> str:
    """Give support, precision, recall and F1."""
    shares = (right / predicted, right / support, 2 * right / (support + predicted))
    return ",".join([f"{support}", *(f"{share:.6g}" for share in shares)])


def answer(index: int) -> str:
    """Give a row of predictions.csv."""
    label = index // 500
    predicted = 1 if index < wrong else label
    of_label = 0.9 if label == predicted else 0.1
    return f"{index},{label},{predicted},0.9,{of_label},{1 - predicted},0.1\n"


def error(index: int) -> str:
    """Give a row of misclassified.csv."""
    return f"{index},0,1,cat,dog,0.9,0.1\n"


reports = Path("reports")
reports.mkdir(exist_ok=True)
Path("model.txt").write_text(f"{wrong} wrong\n")
for name, content in {
    "metrics.json": json.dumps(metrics),
    "checks.json": json.dumps(checks),
    "classes.csv": "class,support,precision,recall,f1\n"
    f"cat,{measures(500 - wrong, 500, 500 - wrong)}\ndog,{measures(500, 500, 500 + wrong)}\n",
    "confusion_matrix.csv": "actual,predicted,count\n"
    f"cat,cat,{500 - wrong}\n{f'cat,dog,{wrong}{chr(10)}' if wrong else ''}dog,dog,500\n",
    "calibration.csv": "low,high,images,confidence,accuracy\n"
    f"0.866667,0.933333,1000,0.9,{accuracy:.6g}\n",
    "predictions.csv": "index,label,predicted,confidence,label_probability,"
    "class_2,probability_2\n" + "".join(map(answer, range(1000))),
    "misclassified.csv": "index,label,predicted,label_name,predicted_name,"
    "confidence,label_probability\n" + "".join(map(error, range(wrong))),
}.items():
    (reports / name).write_text(content)
