"""Find which errors of a classifier are new or fixed, and whether the difference is significant."""

from typing import Literal, NamedTuple

import pandas as pd
from scipy.special import bdtr

# McNemar's test: a difference with a smaller p-value is significant.
SIGNIFICANT = 0.05
_LABELS = ["index", "label"]


class Comparison(NamedTuple):
    """The wrong answers of two classifiers, before and after, on the same test images."""

    new: pd.DataFrame
    """Correct before; ``index``, ``label``, ``predicted_before`` and ``predicted_after``."""
    fixed: pd.DataFrame
    """Correct after; the same columns."""
    changed: pd.DataFrame
    """Wrong both times, with another class; the same columns."""
    unchanged: int
    """Number of images that are wrong both times, with the same class."""
    p_value: float
    """Probability of a difference at least this large if both are equally good, by McNemar's test.

    Q. McNemar, "Note on the sampling error of the difference between correlated proportions"
    (1947), here with the exact binomial distribution.
    """


def compare(before: pd.DataFrame, after: pd.DataFrame) -> Comparison:
    """Compare the errors of two classifiers.

    Args:
        before: ``index``, ``label`` and ``predicted`` (numbers) of every wrong answer of the first.
        after: the same for the second, on the same images.
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
    """Return whether the later classifier is better or worse, or the difference may be chance."""
    if comparison.p_value >= SIGNIFICANT:
        return "chance"
    return "better" if len(comparison.fixed) > len(comparison.new) else "worse"


def summary(comparison: Comparison) -> str:
    """Return a sentence on whether the difference is significant."""
    errors = f"{len(comparison.new)} new and {len(comparison.fixed)} fixed errors"
    tested = f"McNemar's test: p = {comparison.p_value:.2g}"
    found = outcome(comparison)
    if found == "chance":
        return f"{errors} may well be chance ({tested})."
    return f"The later one is {found}: {errors} are unlikely to be chance ({tested})."


def _mcnemar(new: int, fixed: int) -> float:
    # As scipy.stats.binomtest does, which takes half a second to import.
    return min(2 * float(bdtr(min(new, fixed), new + fixed, 0.5)), 1.0)
