"""Fixtures: small networks, and how they are trained."""

import numpy as np
import pytest

from stages.params.machine import Machine
from stages.params.network import Convolution, NetworkParams
from stages.params.training import Augmentation, Training

PIXELS_TO_ONE = {
    "mean": np.zeros((28, 28), np.float32),
    "standard_deviation": np.array([255], np.float32),
    "background": np.zeros(1, np.float32),
}
"""A standardization by which pixels from 0 to 255 become numbers from 0 to 1."""


@pytest.fixture(scope="session")
def reference_network() -> NetworkParams:
    """The network of the published tutorial."""

    def convolution(channels: int) -> Convolution:
        return Convolution(
            channels=channels, kernel=5, padding="VALID", pool=2, pool_stride=2, pool_padding="SAME"
        )

    return NetworkParams(
        convolutions=(convolution(32), convolution(64)),
        batch_normalization=False,
        dense_units=1024,
        dropout=0.5,
        views=1,
    )


@pytest.fixture(scope="session")
def small_network(reference_network: NetworkParams) -> NetworkParams:
    """One convolution of 4 channels and 16 dense units, without dropout."""
    convolution = reference_network.convolutions[0].model_copy(update={"channels": 4})
    return NetworkParams(
        convolutions=(convolution,), batch_normalization=False, dense_units=16, dropout=0.0, views=1
    )


@pytest.fixture(scope="session")
def training() -> Training:
    """Two epochs at a constant rate, without augmentation."""
    return Training(
        epochs=2,
        batch_size=8,
        shuffle=True,
        learning_rate=0.001,
        warmup=0.0,
        decay="none",
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        weight_decay=0.0,
        label_smoothing=0.0,
        averaging=0.0,
        augmentation=Augmentation(
            shift=0.0, rotation=0.0, scale=0.0, shear=0.0, elastic=0.0, interpolation="bilinear"
        ),
    )


@pytest.fixture(scope="session")
def machine() -> Machine:
    """As it is: float32, from memory, and nothing written beside."""
    return Machine(
        device="auto",
        threads=2,
        precision="float32",
        jit_compile=False,
        input="memory",
        keep_checkpoint=False,
        tensorboard=False,
    )
