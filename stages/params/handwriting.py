"""Define the section on the user's own pictures: each value's type, range and meaning."""

from typing import Annotated, Literal

from stages.shared.section import Section, matching


class Handwriting(Section):
    """Pictures of handwriting to read."""

    folder: Annotated[str, matching(r"\w[\w./-]*", "a path in the repository, without spaces")]
    """Folder of the pictures, in the repository; it may be absent.

    The pictures are PNG or JPEG files. If the first character of a file's name is a class, it is
    the picture's label.
    """
    standardization: Literal["training", "own"]
    """The numbers that standardize the digits.

    ``training`` uses those of the training images, as in the exported model; ``own`` uses those of
    the digits themselves, as in the reference experiment.
    """
