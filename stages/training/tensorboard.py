"""Log the training for TensorBoard."""

import shutil
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from stages.training import cache
from stages.training.loop import TrainingLoop


def log_to(folder: Path) -> Callable[[TrainingLoop], None]:
    """Return a function that logs a training: the graph, and each epoch's figures and weights.

    Args:
        folder: of the log. An earlier log there is removed after the first epoch; later epochs are
            added to it.

    Returns:
        A function to call after each epoch.
    """

    def after_epoch(loop: TrainingLoop) -> None:
        try:
            write(loop)
        except (OSError, tf.errors.OpError) as error:
            reason = " ".join(str(error).split())
            cache.log(f"continuing without {folder}, which cannot be written: {reason}")

    def write(loop: TrainingLoop) -> None:
        figures = loop.history.iloc[-1].to_dict()
        epoch = int(figures.pop("epoch"))
        if epoch == 1:
            shutil.rmtree(folder, ignore_errors=True)
        cache.make_way(folder / "events")
        writer = tf.summary.create_file_writer(str(folder))
        with writer.as_default(step=epoch):
            if epoch == 1:
                tf.summary.graph(loop.classifier.graph)
            for name, figure in figures.items():
                tf.summary.scalar(name, figure)
            for name, weights in loop.classifier.weights.items():
                tf.summary.histogram(name, weights)
        writer.close()

    return after_epoch
