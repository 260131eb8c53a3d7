"""Define the gate section: the criteria that a model must satisfy to be promoted."""

from typing import Annotated

from pydantic import Field, StringConstraints

from stages.shared.section import Section, Share


class Gate(Section):
    """The criteria for promotion; only ``pipelines.promotion.gate`` reads them."""

    stage: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*[a-z0-9]$")]
    """The GTO stage that models are promoted to; a new model is compared with the one there."""
    min_accuracy: Share
    """Minimum accuracy on the test images."""
    min_recall: Share
    """Minimum recall of any class on the test images."""
    min_recalls: dict[str, Share]
    """Minimum recall of single classes by name, in place of ``min_recall``."""
    max_calibration_error: Share
    """Maximum expected calibration error on the test images."""
    max_regression: Annotated[float, Field(ge=0, lt=1)]
    """Bound on the drop of the test accuracy below that of the promoted version.

    The model passes if the confidence interval of the drop, image by image, lies below the bound.
    """
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    """Confidence level of that interval, one-sided."""
