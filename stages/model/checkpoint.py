"""The state of a training, kept after each epoch, so that a killed one goes on from there."""

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from stages import artifacts
from stages.artifacts import Array, ArtifactError
from stages.model.classifier import Classifier, Examples
from stages.model.device import cpu_model
from stages.sections import Training

_CODE = Path(__file__).parent


@contextmanager
def trained(
    classifier: Classifier,
    training: Training,
    examples: Examples,
    validation: Examples | None,
    folder: Path,
) -> Iterator[None]:
    """Train, from the last checkpoint of the very same training where there is one.

    The block writes what came of it; the checkpoint is removed after that, and stays when the
    training or the block is stopped by whatever means.

    Args:
        classifier: as it is made, with its first weights.
        training: the recipe's hyperparameters.
        examples: what is fitted.
        validation: what the accuracy after each epoch is measured on, if anything.
        folder: where checkpoints lie, each under the hash of all that determines its training.
    """
    sets = {"examples": examples} | ({"validation": validation} if validation else {})
    path = folder / f"{_key(classifier, training, sets)}.safetensors"
    state = _kept(path)
    if state is not None:
        classifier.state = state
        _say(f"going on after epoch {len(classifier.history)}, from {path}")
    classifier.train(
        training,
        examples,
        validation,
        after_epoch=lambda: artifacts.write_tensors(path, classifier.state),
    )
    yield
    # A process that was killed while it wrote has left a part behind.
    for leftover in (path, *folder.glob(f".{path.name}.*.part")):
        leftover.unlink(missing_ok=True)


def _kept(path: Path) -> dict[str, Array] | None:
    if not path.exists():
        return None
    try:
        return artifacts.read_tensors(path)
    except ArtifactError as error:
        _say(f"starting anew: {error}")
        return None


def _key(classifier: Classifier, training: Training, sets: Mapping[str, Examples]) -> str:
    """Hash everything that determines the training: recipe, data, code, library and machine."""
    settings: dict[str, Any] = {
        "classifier": classifier.settings,
        "training": training.model_dump(),
        "threads": tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count(),
        "devices": [device.name for device in tf.config.list_logical_devices()],
        "machine": [platform.system(), platform.machine(), cpu_model()],
        "tensorflow": tf.version.VERSION,
        "code": {path.name: path.read_text(encoding="utf-8") for path in _CODE.glob("*.py")},
    }
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    arrays = {f"standardization {name}": array for name, array in classifier.numbers.items()}
    for name, examples in sets.items():
        arrays |= {f"{name} images": examples.images, f"{name} labels": examples.labels}
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _say(line: str) -> None:
    tqdm.write(line, file=sys.stderr)
