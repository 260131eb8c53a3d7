"""The section on pictures of one's own: each value's type, range and meaning."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from stages.sections.base import Section


class Handwriting(Section):
    """Pictures of handwriting that the network is to read."""

    folder: Annotated[str, StringConstraints(pattern=r"^\w[\w./-]*$")]
    """Where they lie, in the repository: PNG or JPEG files, each named after what it shows, its
    first character the class, or by any other name. It may be absent."""
    standardization: Literal["training", "own"]
    """By which numbers the digits are standardized: the training images', as in the exported model,
    or, as in the reference experiment, those of the digits themselves."""
