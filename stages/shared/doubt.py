"""Say which answers are to be doubted."""

from typing import Annotated

import numpy as np

from stages.shared.artifacts import Array
from stages.shared.section import Section, within

NOT_SURE = "not sure"
NOT_A_DIGIT = "not a digit"

Confidence = Annotated[float, within(0, 1)]


class Doubt(Section):
    """The confidence that answers need; ``train`` measures both on the validation images."""

    sure_from: Confidence
    """99.9 % of the answers with at least this confidence were right."""
    digit_from: Confidence
    """99.9 % of the images had at least this confidence, so a lower one tells of something else."""

    def of(self, confidence: Array, changed: Array) -> list[str]:
        """Return for each answer ``NOT_A_DIGIT``, ``NOT_SURE`` or nothing.

        Args:
            confidence: ``(n,)`` floats from 0 to 1.
            changed: ``(n,)`` bool, whether a second look changed what was answered; then the answer
                is not sure, whatever its confidence.
        """
        low = np.where((confidence < self.sure_from) | changed, NOT_SURE, "")
        doubts: list[str] = np.where(confidence < self.digit_from, NOT_A_DIGIT, low).tolist()
        return doubts
