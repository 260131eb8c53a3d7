"""Define the section on how a machine trains: each value's type, range and meaning."""

from typing import Annotated, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from stages.shared.section import Section, within


def _a_definite_number(threads: int) -> int:
    if threads == 0:
        raise PydanticCustomError(
            "within",
            "must be a definite number from 1 to 1024, not every core, since it changes the last "
            "bits of the weights",
        )
    return threads


class Machine(Section):
    """How a recipe is trained on this machine; nothing here is part of a recipe."""

    device: Literal["auto", "cpu", "gpu"]
    """``auto`` uses every GPU, or the CPU if there is none; ``gpu`` fails without one."""
    threads: Annotated[int, AfterValidator(_a_definite_number), within(1, 1024)]
    """CPU threads, on any number of cores; the number changes the last bits of the weights."""
    precision: Literal["float32", "bfloat16", "float16"]
    """Number format in which the network computes during training; weights stay float32.

    Micikevicius and others, "Mixed Precision Training" (2018); float16 with dynamic loss scaling.
    """
    jit_compile: bool
    """Compile each step with XLA."""
    input: Literal["auto", "memory", "stream"]
    """Hold the training images in memory, or read each batch from disk during training.

    ``auto`` streams images that would take more than a quarter of the memory. The weights are the
    same either way.
    """
    keep_checkpoint: bool
    """Keep the last checkpoint of a successful training.

    The same recipe with more ``epochs`` then continues from it. This requires a constant learning
    rate, since the steps of a schedule depend on their number.
    """
    tensorboard: bool
    """Log the graph, and each epoch's figures and weight histograms, to ``models/tensorboard``."""
