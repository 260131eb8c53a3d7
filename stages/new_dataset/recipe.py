"""Fit a recipe to a data set: its split, its network and the number of its epochs."""

import math
from collections.abc import Mapping
from typing import Any

from stages.params.network import NetworkError, NetworkParams, layers

# Share of the training images for validation, as of MNIST.
_VALIDATION = 6
# Training sees so many pixels, as `fast` does with MNIST; more if that were too few steps, fewer if
# it were too many epochs.
_SEEN = 150_000 * 28 * 28
_LEAST_STEPS = 250
_MOST_EPOCHS = 100
# Pixels that may reach the dense layer: 4 x 4 of 28 x 28 in `fast`.
_FEATURES = 8 * 8
_CONVOLUTION = {
    "channels": 64,
    "kernel": 3,
    "padding": "SAME",
    "pool": 2,
    "pool_stride": 2,
    "pool_padding": "SAME",
}


def fits(recipe: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Whether a recipe can train on a data set, and leaves at least half of the images to fit."""
    validation, images = recipe["split"]["validation_images"], entry["expectations"]["train_images"]
    try:
        return bool(2 * validation <= images and _features(recipe["network"], entry) <= _FEATURES)
    except NetworkError:
        return False


def fitted(recipe: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a recipe that fits a data set.

    A stratified sixth of the images validates, convolutions keep the size of small images, more
    of them follow for large ones, and small data sets get more epochs and smaller batches.
    """
    expected = entry["expectations"]
    images, classes = expected["train_images"], len(entry["classes"])
    validation = max(classes, images // _VALIDATION)
    fit = max(1, images - validation)
    batch = max(1, min(recipe["training"]["batch_size"], fit // 8))
    wanted = (
        recipe["training"]["epochs"],
        math.ceil(_SEEN / (fit * expected["height"] * expected["width"])),
        math.ceil(_LEAST_STEPS * batch / fit),
    )
    training = recipe["training"] | {"epochs": min(_MOST_EPOCHS, max(wanted)), "batch_size": batch}
    return dict(recipe) | {
        "split": {"strategy": "stratified", "validation_images": validation},
        "network": _fitted_network(recipe["network"], entry),
        "training": training,
    }


def _fitted_network(network: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    try:
        _features(network, entry)
    except NetworkError:
        same = [convolution | {"padding": "SAME"} for convolution in network["convolutions"]]
        network = dict(network) | {"convolutions": same}
    convolutions = list(network["convolutions"])
    while _features(dict(network) | {"convolutions": convolutions}, entry) > _FEATURES:
        convolutions.append(_CONVOLUTION)
    return dict(network) | {"convolutions": convolutions}


def _features(network: Mapping[str, Any], entry: Mapping[str, Any]) -> int:
    """Return the number of pixels that reach the dense layer.

    Raises:
        NetworkError: the network does not fit the images.
    """
    expected = entry["expectations"]
    params = NetworkParams.model_validate(network, strict=False)
    shape = expected["height"], expected["width"], expected.get("channels", 1)
    dense = layers(params, shape, len(entry["classes"]))[-2]
    channels = params.convolutions[-1].channels if params.convolutions else shape[-1]
    return dense.kernel[0] // channels
