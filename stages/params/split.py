"""Define the split of a recipe: each value's type, range and meaning."""

from typing import Literal

from stages.shared.section import Count, Section


class Split(Section):
    """Choice of validation images: the last, or a seeded draw that keeps the class shares."""

    strategy: Literal["tail", "stratified"]
    validation_images: Count
