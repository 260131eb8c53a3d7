"""Export the trained classifier for other programs: from raw images to answers."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from stages.model.classifier import Classifier
from stages.serving.description import Description

# It holds a random number, and loading does not need it.
_FINGERPRINT = "fingerprint.pb"


class Exported(NamedTuple):
    """A classifier in two formats, each with the same two signatures.

    ``serving_default`` accepts ``images``, raw, in the shape and type that the description gives,
    and standardizes them itself. It returns ``labels``, ``(n,)`` int64, and ``probabilities``,
    ``(n, classes)`` float32. ``describe`` has no input and returns ``description``, ``(bytes,)``
    uint8: JSON in UTF-8, as ``stages.serving.description`` defines it. The same classifier gives
    the same bytes only if each export runs in a new process, since TensorFlow numbers functions.
    """

    saved_model: dict[str, bytes]
    """The files of TensorFlow's SavedModel, by their paths."""
    tflite: bytes
    """TensorFlow Lite's file."""


class _Served(tf.Module):
    def __init__(self, classifier: Classifier, description: Description) -> None:
        super().__init__(name="classifier")
        self.network, self.temperature = classifier.network, classifier.temperature
        form = description.images
        images = tf.TensorSpec((None, *form.shape), form.dtype, name="images")
        text = np.frombuffer(description.model_dump_json().encode(), np.uint8)

        @tf.function(input_signature=[images], autograph=False)
        def classify(images: tf.Tensor) -> dict[str, tf.Tensor]:
            probabilities = classifier.answer(images)
            return {"labels": tf.argmax(probabilities, axis=1), "probabilities": probabilities}

        @tf.function(input_signature=[], autograph=False)
        def describe() -> dict[str, tf.Tensor]:
            return {"description": tf.constant(text)}

        self.classify, self.describe = classify, describe


def export(classifier: Classifier, description: Description) -> Exported:
    """Export a classifier.

    Args:
        classifier: with its trained weights.
        description: of the images that it accepts and of its classes.
    """
    served = _Served(classifier, description)
    signatures = {"serving_default": served.classify, "describe": served.describe}
    with _temporary_folder() as temporary:
        folder = temporary / "saved_model"
        tf.saved_model.save(served, str(folder), signatures=signatures)
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != _FINGERPRINT
        }
        converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), list(signatures))
        tflite = converter.convert()
    return Exported(files, tflite)


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """Yield a folder, which gets all temporary files of the block, and remove it at the end.

    TensorFlow leaves its own until the interpreter shuts down, which a stage does not wait for.
    """
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        tempfile.tempdir, before = folder, tempfile.tempdir
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = before
