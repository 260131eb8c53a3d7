"""Log the training for TensorBoard."""

import shutil
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from stages.model import cache
from stages.model.classifier import Classifier


def log_to(folder: Path, classifier: Classifier) -> Callable[[], None]:
    """Return a function that logs a training: the graph, and each epoch's figures and weights.

    Args:
        folder: of the log. An earlier log there is removed after the first epoch; later epochs are
            added to it.
        classifier: the classifier that is trained.

    Returns:
        A function to call after each epoch.
    """

    def after_epoch() -> None:
        try:
            write()
        except (OSError, tf.errors.OpError) as error:
            reason = " ".join(str(error).split())
            cache.say(f"going on without {folder}, which cannot be written: {reason}")

    def write() -> None:
        figures = classifier.history.iloc[-1].to_dict()
        epoch = int(figures.pop("epoch"))
        if epoch == 1:
            shutil.rmtree(folder, ignore_errors=True)
        cache.make_way(folder / "events")
        writer = tf.summary.create_file_writer(str(folder))
        with writer.as_default(step=epoch):
            if epoch == 1:
                tf.summary.graph(classifier.graph)
            for name, figure in figures.items():
                tf.summary.scalar(name, figure)
            for name, weights in classifier.weights.items():
                tf.summary.histogram(name, weights)
        writer.close()

    return after_epoch
