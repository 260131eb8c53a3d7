"""The section on what a model must satisfy to be promoted: each value's type, range and meaning."""

from typing import Annotated

from pydantic import Field, StringConstraints

from stages.sections.base import Section

Share = Annotated[float, Field(ge=0, le=1)]


class Gate(Section):
    """What a model must satisfy to be promoted; read by ``pipelines.commands.gate`` alone."""

    stage: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*[a-z0-9]$")]
    """Of GTO: what a version is promoted to, and whose version a new one is compared with."""
    min_accuracy: Share
    """Least accuracy on the test images."""
    min_recall: Share
    """Least recall of any class on the test images."""
    min_recalls: dict[str, Share]
    """The same for single classes, by name, in place of ``min_recall``."""
    max_calibration_error: Share
    """Largest expected calibration error on the test images."""
    max_regression: Annotated[float, Field(ge=0, lt=1)]
    """Largest fall of the test accuracy below the promoted version's: the model passes if the
    confidence interval of the fall, image by image, lies below it."""
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    """Of that interval, one-sided."""
