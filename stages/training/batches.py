"""Provide the batches of an epoch, from memory or from disk, with the same content."""

from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from stages.shared.artifacts import Array
from stages.shared.blocks import release
from stages.training.memory import memory

# Largest share of the memory that training images may take, of which there are two copies; larger
# ones are streamed.
_SHARE = 0.25
# Batches that are read ahead during training.
_READ_AHEAD = 4


class Examples(NamedTuple):
    """Images and their labels."""

    images: Array
    """``(n, height, width)`` or ``(n, height, width, 3)``, raw, of any real dtype; may be
    memory-mapped."""
    labels: Array
    """``(n,)`` integers from 0 to ``classes - 1``."""
    rows: Array | None = None
    """``(m,)`` integers: the chosen images among the ``n``; None means all."""

    @property
    def chosen(self) -> Array:
        """``(m,)`` integers: the chosen rows."""
        return np.arange(len(self.labels)) if self.rows is None else self.rows


class Batches(Protocol):
    """A source of an epoch's images for a graph."""

    def epoch(self, order: tf.Tensor, size: int) -> Callable[[tf.Tensor], tf.Tensor]:
        """Begin an epoch, in a graph.

        Args:
            order: ``(m,)`` int32, positions among the chosen rows.
            size: of a batch.

        Returns:
            A function that takes the positions of a batch and returns its images, at most ``size``
            of their own dtype; call it for the batches in order, once each.
        """


class InMemory:
    """Holds the chosen images on the device."""

    def __init__(self, examples: Examples) -> None:
        images, rows = examples.images, examples.rows
        self._images = tf.constant(images if rows is None else images[rows])

    def epoch(self, order: tf.Tensor, size: int) -> Callable[[tf.Tensor], tf.Tensor]:  # noqa: ARG002
        """Begin an epoch; see ``Batches``."""
        return lambda positions: tf.gather(self._images, positions)


class Streamed:
    """Reads each batch from the array during training on the previous one."""

    def __init__(self, examples: Examples) -> None:
        self._images, self._rows = examples.images, examples.chosen

    def epoch(self, order: tf.Tensor, size: int) -> Callable[[tf.Tensor], tf.Tensor]:
        """Begin an epoch; see ``Batches``."""
        batches = (
            tf.data.Dataset.from_tensor_slices(order)
            .batch(size)
            .map(self._read)
            .prefetch(_READ_AHEAD)
        )
        options = tf.data.Options()
        # One thread reads a fixed number of batches ahead, so there is nothing to tune at run time.
        options.autotune.enabled = False
        options.threading.private_threadpool_size = 1
        iterator = iter(batches.with_options(options))
        return lambda _: next(iterator)

    def _read(self, positions: tf.Tensor) -> tf.Tensor:
        def images_at(chosen: Array) -> Array:
            read: Array = np.ascontiguousarray(self._images[self._rows[chosen]])
            release(self._images)
            return read

        read = tf.numpy_function(
            images_at,
            [positions],
            tf.as_dtype(self._images.dtype),
            stateful=False,
        )
        images: tf.Tensor = tf.ensure_shape(read, (None, *self._images.shape[1:]))
        return images


def loaded(examples: Examples, kept_in: Literal["auto", "memory", "stream"]) -> Examples:
    """Read the chosen images into memory unless they are streamed, so that no file can change them.

    Args:
        examples: whose images may be memory-mapped.
        kept_in: as for ``batches``.
    """
    if not isinstance(examples.images, np.memmap) or _place(examples, kept_in) == "stream":
        return examples
    chosen = examples.chosen
    return Examples(np.array(examples.images[chosen]), np.array(examples.labels[chosen]))


def batches(examples: Examples, kept_in: Literal["auto", "memory", "stream"]) -> Batches:
    """Choose where the images come from; ``auto`` decides by their size."""
    place = _place(examples, kept_in)
    return InMemory(examples) if place == "memory" else Streamed(examples)


def _place(
    examples: Examples, kept_in: Literal["auto", "memory", "stream"]
) -> Literal["memory", "stream"]:
    if kept_in != "auto":
        return kept_in
    image = examples.images[:1].nbytes
    return "memory" if image * len(examples.chosen) <= _SHARE * memory() else "stream"
