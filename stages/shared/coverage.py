"""Find how many answers can be relied on."""

import numpy as np

from stages.shared.artifacts import Array


def coverage(confidence: Array, right: Array, accuracy: float) -> tuple[float, float]:
    """Find the largest share of answers, the most confident first, that reaches an accuracy.

    Args:
        confidence: ``(n,)`` floats, the probability of each answer.
        right: ``(n,)`` bool, whether it is correct.
        accuracy: from 0 to 1.

    Returns:
        The share of all answers, from 0 to 1, and the lowest confidence among them. If no answers
        reach the accuracy, 0 and 1.
    """
    order = np.argsort(-confidence, kind="stable")
    ranked, counts = confidence[order], np.arange(1, len(order) + 1)
    # Answers of equal confidence are all in or all out.
    last = np.append(ranked[1:] != ranked[:-1], True)
    reached = np.flatnonzero(last & (right[order].cumsum() >= accuracy * counts))
    if not len(reached):
        return 0.0, 1.0
    return float(counts[reached[-1]] / len(order)), float(ranked[reached[-1]])
