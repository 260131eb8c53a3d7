"""The section on how a machine trains: each value's type, range and meaning."""

from typing import Annotated, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from stages.sections.base import Section, within


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
    """``auto`` takes every GPU there is, or else the CPU; ``gpu`` fails without one."""
    threads: Annotated[int, AfterValidator(_a_definite_number), within(1, 1024)]
    """Of the CPU, on however many cores; the number changes the last bits of the weights."""
    precision: Literal["float32", "bfloat16", "float16"]
    """What the network computes in while it is trained; weights stay float32.

    Micikevicius and others, "Mixed Precision Training" (2018); float16 with dynamic loss scaling.
    """
    jit_compile: bool
    """Compile each step with XLA."""
    input: Literal["auto", "memory", "stream"]
    """Hold the training images in memory, or read each batch from disk while the last one is
    trained on; ``auto`` streams what would take more than a quarter of the memory. Either way the
    weights are the same."""
    keep_checkpoint: bool
    """Keep the last checkpoint of a training that ended well, so that the same recipe with more
    ``epochs`` goes on from it: with a constant learning rate, since the steps of a schedule depend
    on how many there are."""
    tensorboard: bool
    """Write the graph, and each epoch's figures and histograms of the weights, to
    ``models/tensorboard``."""
