"""The trained classifier in formats that other programs load: raw images in, answers out."""

import tempfile
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf

from stages.artifacts import Array
from stages.model.classifier import Classifier

# A random number is in it, and nothing that loading needs.
_FINGERPRINT = "fingerprint.pb"


class Exported(NamedTuple):
    """A classifier that takes ``images``, ``(n, height, width)`` raw, standardizing them itself.

    It gives ``labels``, ``(n,)`` int64, and ``probabilities``, ``(n, classes)`` float32. The same
    classifier gives the same bytes in a process of its own, since TensorFlow numbers functions.
    """

    saved_model: dict[str, bytes]
    """TensorFlow's SavedModel, its files by their paths; the signature is ``serving_default``."""
    tflite: bytes
    """TensorFlow Lite's, with the same signature."""


class _Served(tf.Module):
    def __init__(self, classifier: Classifier, dtype: tf.DType, height: int, width: int) -> None:
        super().__init__(name="classifier")
        self.network = classifier.network
        images = tf.TensorSpec((None, height, width), dtype, name="images")

        @tf.function(input_signature=[images])
        def classify(images: tf.Tensor) -> dict[str, tf.Tensor]:
            probabilities = classifier.answer(images)
            return {"labels": tf.argmax(probabilities, axis=1), "probabilities": probabilities}

        self.classify = classify


def export(classifier: Classifier, images: Array) -> Exported:
    """Export a classifier.

    Args:
        classifier: with its trained weights.
        images: ``(n, height, width)``, of which only the size and the type count.
    """
    served = _Served(classifier, tf.as_dtype(images.dtype), *images.shape[1:])
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(served, folder, signatures=served.classify)
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(Path(folder).rglob("*"))
            if path.is_file() and path.name != _FINGERPRINT
        }
        tflite = tf.lite.TFLiteConverter.from_saved_model(folder).convert()
    return Exported(files, tflite)
