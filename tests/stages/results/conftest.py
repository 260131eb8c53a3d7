"""Results written by hand, of which each test spoils a part."""

from collections.abc import Callable

import pytest

from stages.results import answers, reading
from stages.results.reading import Results

# Of 6 images in two classes 4 are right; 95 % sure are the answers to 5, 60 % sure that to one.
# By scipy.stats.binomtest(4, 6) Wilson's interval, by sklearn.metrics.log_loss the loss.
METRICS = b"""{"test": {"accuracy": 0.666667, "accuracy_low": 0.299993, "accuracy_high": 0.903229,
"errors": 2, "images": 6, "loss": 0.686199, "calibration_error": 0.225},
"validation": {"accuracy": 0.5}, "weights": {"sha256": "%s"}}""" % (b"a" * 64)
CHECKS = b"""{"success": true, "failed": [], "expectations": [{"name": "image-count", "set": "test",
"description": "", "success": true, "expected": "6", "observed": "6", "unexpected_images": null,
"unexpected_share": null, "first_unexpected": []}]}"""
CLASSES = b"""class,support,precision,recall,f1
cat,3,0.666667,0.666667,0.666667
dog,3,0.666667,0.666667,0.666667
"""
PAIRS = b"actual,predicted,count\ncat,cat,2\ncat,dog,1\ndog,cat,1\ndog,dog,2\n"
BINS = b"""low,high,images,confidence,accuracy
0.533333,0.6,1,0.6,0
0.933333,1,5,0.95,0.8
"""
WRONG = b"""index,label,predicted,label_name,predicted_name,confidence,label_probability
2,0,1,cat,dog,0.95,0.05
3,1,0,dog,cat,0.6,0.4
"""
EARLIER_WRONG = b"""index,label,predicted,label_name,predicted_name,confidence,p0,p1
2,0,1,cat,dog,0.95,0.05,0.95
3,1,0,dog,cat,0.6,0.6,0.4
"""
PREDICTIONS = b"""index,label,predicted,confidence,label_probability,class_2,probability_2
0,0,0,0.95,0.95,1,0.05
1,0,0,0.95,0.95,1,0.05
2,0,1,0.95,0.05,0,0.05
3,1,0,0.6,0.4,1,0.4
4,1,1,0.95,0.95,0,0.05
5,1,1,0.95,0.95,0,0.05
"""

Spoiled = Callable[..., Results]


@pytest.fixture
def results_with() -> Spoiled:
    """Read the results, with a text of one of the files replaced."""

    def results_with(name: str = "metrics", before: str = "", after: str = "") -> Results:
        contents = {
            "metrics": METRICS,
            "checks": CHECKS,
            "classes": CLASSES,
            "pairs": PAIRS,
            "bins": BINS,
            "wrong": WRONG,
        }
        assert before.encode() in contents[name]
        contents[name] = contents[name].replace(before.encode(), after.encode(), 1)
        return Results(
            reading.read_metrics(contents["metrics"]),
            reading.read_checks(contents["checks"]),
            reading.read_classes(contents["classes"]),
            reading.read_pairs(contents["pairs"]),
            reading.read_bins(contents["bins"]),
            answers.read_wrong(contents["wrong"]),
        )

    return results_with
