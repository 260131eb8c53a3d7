"""Correct probabilities by a temperature.

Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks" (2017), section 4.2.
"""

import numpy as np
import tensorflow as tf

from stages.shared.artifacts import Array

# The logarithm of zero is infinite.
_SMALLEST = float(np.finfo(np.float32).tiny)


def corrected(probabilities: tf.Tensor, temperature: tf.Tensor) -> tf.Tensor:
    """Divide the logits by a temperature; the order of the classes stays.

    Args:
        probabilities: ``(n, classes)`` float32; each row sums to 1.
        temperature: ``()`` float32, greater than 0; above 1 it lowers high probabilities.
    """
    # Logits differ from the logarithms by a constant in each row, which softmax ignores.
    logits = tf.math.log(tf.maximum(probabilities, _SMALLEST))
    return tf.nn.softmax(logits / temperature)


def raised(probabilities: Array, power: float) -> Array:
    """Raise probabilities to a power, and scale each row to sum to 1: float64 of the same shape.

    A power of 1 / temperature does what ``corrected`` does; the temperature undoes it.
    """
    powers = probabilities.astype(np.float64) ** power
    scaled: Array = powers / powers.sum(axis=1, keepdims=True)
    return scaled
