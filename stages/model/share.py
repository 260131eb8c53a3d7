"""Divide a batch among devices."""

from typing import Literal, NamedTuple

import tensorflow as tf


class Share(NamedTuple):
    """The images of a batch that one device computes: from ``device`` on, each ``devices``-th.

    Random numbers are drawn for the whole batch, so that a training does not depend on the number
    of devices, except in the last digits.
    """

    device: tf.Tensor | int
    """``()`` integer, the number of the device among all, from 0."""
    devices: int
    """The number of devices, on all machines."""
    total: tf.Tensor
    """``()`` int32, the number of images in the whole batch."""

    def following(self, count: tf.Tensor) -> "Share":
        """Return this device's share of ``count`` images that come after the batch."""
        first = tf.math.floormod(self.device - self.total, self.devices)
        return Share(first, self.devices, count)

    def of(self, whole: tf.Tensor, axis: Literal[0, 1] = 0) -> tf.Tensor:
        """Return the share of a tensor, of which this axis is the batch."""
        if self.devices == 1:
            return whole
        chosen = slice(self.device, None, self.devices)
        return whole[chosen] if axis == 0 else whole[:, chosen]
