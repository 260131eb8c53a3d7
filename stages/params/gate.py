"""Define the gate section: the criteria for promotion that are the same for every data set."""

from typing import Annotated

from pydantic import Field

from stages.shared.section import Section, matching


class Gate(Section):
    """How a model is promoted; each data set has its own bounds for the results."""

    stage: Annotated[
        str, matching("[a-z][a-z0-9-]*[a-z0-9]", "of lower-case letters, digits and -")
    ]
    """The GTO stage that models are promoted to; a new model is compared with the one there."""
    max_regression: Annotated[float, Field(ge=0, lt=1)]
    """Bound on the drop of the test accuracy below that of the promoted version.

    The model passes if the confidence interval of the drop, image by image, lies below the bound.
    """
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    """Confidence level of that interval, one-sided."""
