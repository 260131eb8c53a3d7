"""Which errors of a classifier are new, which are fixed, and whether that means anything."""

from typing import Literal, NamedTuple

import pandas as pd
from scipy.stats import binomtest

# Of McNemar's test: what is less probable by chance is called a difference.
SIGNIFICANT = 0.05
_LABELS = ["index", "label"]


class Comparison(NamedTuple):
    """The wrong answers of two classifiers to the same test images, before and after."""

    new: pd.DataFrame
    """``index``, ``label``, ``predicted_before`` (the label) and ``predicted_after``: was right."""
    fixed: pd.DataFrame
    """The same columns: is right now."""
    changed: pd.DataFrame
    """The same columns: wrong both times, in another way."""
    unchanged: int
    """How many are wrong both times in the same way."""
    p_value: float
    """How probable a difference at least so large is if both are equally good, by McNemar's test:
    Q. McNemar, "Note on the sampling error of the difference between correlated proportions"
    (1947), here by the exact binomial distribution."""


def compare(before: pd.DataFrame, after: pd.DataFrame) -> Comparison:
    """Compare the errors of two classifiers.

    Args:
        before: ``index``, ``label`` and ``predicted`` (numbers) of every wrong answer of the one.
        after: of the other, to the same images.
    """
    both = before[[*_LABELS, "predicted"]].merge(
        after[[*_LABELS, "predicted"]],
        on=_LABELS,
        how="outer",
        suffixes=("_before", "_after"),
        indicator=True,
    )
    for column in ("predicted_before", "predicted_after"):
        both[column] = both[column].fillna(both["label"]).astype(int)
    new, fixed = (both["_merge"] == side for side in ("right_only", "left_only"))
    same = both["predicted_before"] == both["predicted_after"]
    table = both.drop(columns="_merge")
    return Comparison(
        new=table[new].reset_index(drop=True),
        fixed=table[fixed].reset_index(drop=True),
        changed=table[~new & ~fixed & ~same].reset_index(drop=True),
        unchanged=int((~new & ~fixed & same).sum()),
        p_value=_mcnemar(int(new.sum()), int(fixed.sum())),
    )


def outcome(comparison: Comparison) -> Literal["better", "worse", "chance"]:
    """Say what the later one is, or that the difference may be chance."""
    if comparison.p_value >= SIGNIFICANT:
        return "chance"
    return "better" if len(comparison.fixed) > len(comparison.new) else "worse"


def verdict(comparison: Comparison) -> str:
    """Say in a sentence whether the difference means anything."""
    errors = f"{len(comparison.new)} new and {len(comparison.fixed)} fixed errors"
    tested = f"McNemar's test: p = {comparison.p_value:.2g}"
    found = outcome(comparison)
    if found == "chance":
        return f"{errors} may well be chance ({tested})."
    return f"The later one is {found}: {errors} are no chance ({tested})."


def _mcnemar(new: int, fixed: int) -> float:
    discordant = new + fixed
    return float(binomtest(new, discordant, 0.5).pvalue) if discordant else 1.0
