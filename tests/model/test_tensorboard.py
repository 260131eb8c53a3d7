from pathlib import Path

import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from stages.dataset.standardization import measure
from stages.model.batches import Examples
from stages.model.classifier import Classifier
from stages.model.tensorboard import log_to
from stages.params.machine import Machine
from stages.params.recipe import NetworkParams, Training
from stages.shared.artifacts import Array


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

    classifier.train(training, machine, examples, examples, log_to(tmp_path, classifier))

    read = EventAccumulator(str(tmp_path)).Reload()
    assert read.Tags()["graph"]
    assert {node.name for node in read.Graph().node} >= {"images"}
    tags = read.Tags()["tensors"]
    assert set(tags) == {"loss", "accuracy", *classifier.weights}
    losses = [float(tf.make_ndarray(event.tensor_proto)) for event in read.Tensors("loss")]
    assert losses == pytest.approx(classifier.history["loss"].tolist())
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

    classifier.train(training, machine, examples, None, log_to(tmp_path / "log", classifier))

    assert EventAccumulator(str(tmp_path / "log")).Reload().Tags()["graph"]
    (moved,) = tmp_path.glob("log.*.aside/log")
    assert moved.read_text() == "a person's"


def test_a_folder_that_cannot_be_written_is_told_in_a_line(
    small_network: NetworkParams,
    training: Training,
    machine: Machine,
    small_mnist: dict[str, Array],
    capsys: pytest.CaptureFixture[str],
) -> None:
    examples = Examples(small_mnist["train_images"][:40], small_mnist["train_labels"][:40])
    classifier = Classifier(small_network, measure(examples.images), 10, 1)

    classifier.train(
        training, machine, examples, None, log_to(Path("/proc/nothing/log"), classifier)
    )

    assert len(classifier.history) == 2
    assert "going on without /proc/nothing/log" in capsys.readouterr().err
