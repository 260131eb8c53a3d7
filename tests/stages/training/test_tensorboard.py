from pathlib import Path

import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.params.machine import Machine
from stages.params.network import NetworkParams
from stages.params.training import Training
from stages.shared.artifacts import Array
from stages.training.batches import Examples
from stages.training.loop import TrainingLoop
from stages.training.tensorboard import log_to


def test_tensorboard_reads_the_graph_and_each_epochs_figures_and_weights(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
    tmp_path: Path,
) -> None:
    examples = Examples(small_mnist["train_images"][:40], small_mnist["train_labels"][:40])
    classifier = Classifier(small_network, measure(examples.images), 10, 1)
    (tmp_path / "events.of.an.earlier.training").touch()

    loop = TrainingLoop(classifier, training, machine, examples, examples)
    log = log_to(tmp_path)
    loop.run(lambda: log(loop))

    read = EventAccumulator(str(tmp_path)).Reload()
    assert read.Tags()["graph"]
    assert {node.name for node in read.Graph().node} >= {"images"}
    tags = read.Tags()["tensors"]
    assert set(tags) == {"loss", "accuracy", *classifier.weights}
    losses = [float(tf.make_ndarray(event.tensor_proto)) for event in read.Tensors("loss")]
    assert losses == pytest.approx(loop.history["loss"].tolist())
    assert [event.step for event in read.Tensors("conv_1.kernel")] == [1, 2]
    assert not (tmp_path / "events.of.an.earlier.training").exists()


def test_a_file_in_the_folders_place_does_not_stop_the_training(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
    tmp_path: Path,
) -> None:
    examples = Examples(small_mnist["train_images"][:40], small_mnist["train_labels"][:40])
    classifier = Classifier(small_network, measure(examples.images), 10, 1)
    (tmp_path / "log").write_text("a person's")

    loop, log = TrainingLoop(classifier, training, machine, examples), log_to(tmp_path / "log")
    loop.run(lambda: log(loop))

    assert EventAccumulator(str(tmp_path / "log")).Reload().Tags()["graph"]
    (moved,) = tmp_path.glob("log.*.aside/log")
    assert moved.read_text() == "a person's"


def test_a_folder_that_cannot_be_written_is_logged_and_does_not_stop_the_training(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
    capsys: pytest.CaptureFixture[str],
) -> None:
    examples = Examples(small_mnist["train_images"][:40], small_mnist["train_labels"][:40])
    classifier = Classifier(small_network, measure(examples.images), 10, 1)

    loop, log = TrainingLoop(classifier, training, machine, examples), log_to(Path("/proc/no/log"))
    loop.run(lambda: log(loop))

    assert len(loop.history) == 2
    assert "continuing without /proc/no/log" in capsys.readouterr().err
