"""Repeat the published experiment and compare its curves with the published ones.

Runs the recipe ``tutorial`` in a fresh clone, as a user would; writes the comparison to
``results/tutorial.json`` and its picture to ``results/tutorial.png``. ``benchmarks.recipes``
measures the test accuracy over several seeds.
"""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from benchmarks.clone import fresh_clone, repro
from benchmarks.results import RESULTS, record
from stages.shared import artifacts

PUBLISHED = Path(__file__).parent / "published" / "tutorial_curve.csv"
BATCHES = 500


def main() -> None:
    """Run, compare, print and save the figures."""
    published = pd.read_csv(PUBLISHED, comment="#").query("run == 'fit_50000'")
    published = published.assign(loss=published["batch_loss_sum"] / BATCHES).set_index("epoch")
    with fresh_clone() as clone:
        params = clone / "params.yaml"
        text = params.read_text(encoding="utf-8")
        text, count = re.subn(r"(?m)^recipe: \w+", "recipe: tutorial", text)
        if count != 1:
            raise SystemExit("expected one line `recipe: NAME` in params.yaml")
        params.write_text(text, encoding="utf-8")
        repro(clone)
        history = artifacts.read_table(clone / "reports" / "history.csv").set_index("epoch")

    difference = (history["accuracy"] - published["validation_accuracy"]).abs()
    ratio = history["loss"] / published["loss"]
    figures = {
        "accuracy_difference_epoch_1": round(difference.loc[1], 4),
        "accuracy_difference_after": round(difference.loc[2:].max(), 4),
        "loss_ratio_smallest_epochs_1_to_10": round(ratio.loc[:10].min(), 3),
        "loss_ratio_largest_epochs_1_to_10": round(ratio.loc[:10].max(), 3),
        "epochs": history.reset_index().round(6).to_dict("records"),
    }
    for name, value in figures.items():
        if name != "epochs":
            print(f"{name:35} {value}")
    record("tutorial", figures)
    draw(history, published)


def draw(history: pd.DataFrame, published: pd.DataFrame) -> None:
    """Draw the loss and validation accuracy of both experiments by epoch."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    left.semilogy(published["loss"], "o", label="published", color="tab:gray")
    left.semilogy(history["loss"], label="this pipeline", color="tab:blue")
    left.set(xlabel="epoch", ylabel="mean training loss")
    right.plot(published["validation_accuracy"], "o", label="published", color="tab:gray")
    right.plot(history["accuracy"], label="this pipeline", color="tab:blue")
    right.set(xlabel="epoch", ylabel="validation accuracy")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(RESULTS / "tutorial.png", dpi=100, metadata={"Software": None})


if __name__ == "__main__":
    main()
