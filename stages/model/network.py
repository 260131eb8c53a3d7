"""Build the convolutional network from TensorFlow's low-level operations."""

import functools
import math
from collections.abc import Callable, Sequence

import tensorflow as tf

from stages.model.normalization import BatchNormalization
from stages.model.share import Share
from stages.params.network import Layer, NetworkParams, Padding, layers


class Network(tf.Module):
    """Convolutions with pooling, a dense layer with dropout, and a linear layer to the classes.

    Weights start Glorot-uniform, as the seed determines; biases start at zero.
    """

    def __init__(
        self, network: NetworkParams, image_shape: Sequence[int], classes: int, seed: int
    ) -> None:
        super().__init__()
        self._params = network
        self.layers = layers(network, image_shape, classes)
        self._kernels = [
            tf.Variable(glorot_uniform(layer, (seed, position)), name=f"{layer.name}.kernel")
            for position, layer in enumerate(self.layers)
        ]
        self._biases = [
            tf.Variable(tf.zeros(layer.kernel[-1]), name=f"{layer.name}.bias")
            for layer in self.layers
        ]
        self._normalizations = [
            BatchNormalization(layer.name, layer.kernel[-1])
            for layer in self.layers[: len(network.convolutions)]
            if network.batch_normalization
        ]

    @property
    def normalizes_batches(self) -> bool:
        """Whether the activations of an image depend on the other images of its training batch."""
        return bool(self._normalizations)

    @property
    def weights(self) -> list[tf.Variable]:
        """All variables that gradients change: kernels, biases and scales of normalizations."""
        pairs = zip(self._kernels, self._biases, strict=True)
        scales = [normalization.scale for normalization in self._normalizations]
        return [variable for pair in pairs for variable in pair] + scales

    def __call__(
        self,
        images: tf.Tensor,
        dropout_seed: tf.Tensor | None = None,
        dtype: tf.DType = tf.float32,
        max_pool: Callable[[tf.Tensor, int, int, Padding], tf.Tensor] = tf.nn.max_pool2d,
        share: Share | None = None,
        step: tf.Tensor | int = 0,
    ) -> tf.Tensor:
        """Compute the logits.

        Args:
            images: ``(n, height, width)`` or ``(n, height, width, 3)`` float32, standardized.
            dropout_seed: ``(2,)`` integers for training. Without it nothing is dropped, and batches
                are normalized by the running statistics.
            dtype: float type in which the layers compute.
            max_pool: takes images, window, stride and padding.
            share: which images of a batch they are, in training; None means all.
            step: of the training, 0 for the first; ``()`` int32.

        Returns:
            ``(n, classes)`` float32 logits; their softmax is the probability of each class.
        """
        grey = len(images.shape) == 3  # noqa: PLR2004 - images, height and width
        hidden = tf.cast(tf.expand_dims(images, -1) if grey else images, dtype)
        *dense, last = [
            (tf.cast(kernel, dtype), bias)
            for kernel, bias in zip(self._kernels, self._biases, strict=True)
        ]
        batch = None if dropout_seed is None else step
        normalizations = iter(self._normalizations)
        for convolution in self._params.convolutions:
            kernel, bias = dense.pop(0)
            hidden = tf.nn.conv2d(hidden, kernel, strides=1, padding=convolution.padding)
            if (convolution.pool, convolution.pool_stride) != (1, 1):
                hidden = max_pool(
                    hidden, convolution.pool, convolution.pool_stride, convolution.pool_padding
                )
            # Adding a bias and ReLU keep the order of numbers, so taking the maximum of a window
            # first gives the same values with a quarter of the additions.
            if self._params.batch_normalization:
                hidden = next(normalizations)(hidden, bias, batch)
            else:
                hidden = tf.nn.bias_add(hidden, tf.cast(bias, dtype))
            hidden = tf.nn.relu(hidden)
        ((kernel, bias),) = dense
        hidden = tf.reshape(hidden, (-1, kernel.shape[0]))
        hidden = tf.nn.relu(tf.matmul(hidden, kernel) + tf.cast(bias, dtype))
        if dropout_seed is not None and self._params.dropout > 0:
            hidden = _dropped(hidden, self._params.dropout, dropout_seed, share)
        kernel, bias = last
        return tf.cast(tf.matmul(hidden, kernel) + tf.cast(bias, dtype), tf.float32)

    @property
    def saved(self) -> list[tf.Variable]:
        """All variables that predictions depend on: the weights and the running statistics."""
        statistics = [normalization.statistics for normalization in self._normalizations]
        return self.weights + [variable for pair in statistics for variable in pair]


def _dropped(hidden: tf.Tensor, rate: float, seed: tf.Tensor, share: Share | None) -> tf.Tensor:
    """Set units to zero at random, and scale up the others; drawn for the whole batch."""
    dropout = functools.partial(tf.nn.experimental.stateless_dropout, rng_alg="philox")
    if share is None or share.devices == 1:
        dropped: tf.Tensor = dropout(hidden, rate, seed)
        return dropped
    factors = dropout(tf.ones((share.total, hidden.shape[-1]), hidden.dtype), rate, seed)
    kept: tf.Tensor = hidden * share.of(factors)
    return kept


def glorot_uniform(layer: Layer, seed: tuple[int, int]) -> tf.Tensor:
    """Draw a kernel uniformly from ``[-limit, limit]``, ``limit = sqrt(6 / (fan_in + fan_out))``.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks"
    (2010), equation 16; each fan includes the window size of a convolution.
    """
    *window, inputs, outputs = layer.kernel
    limit = math.sqrt(6 / (math.prod(window) * (inputs + outputs)))
    return tf.random.stateless_uniform(layer.kernel, seed, -limit, limit)
