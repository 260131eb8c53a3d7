"""Time one training epoch of the reference network on all 60,000 images, in four ways.

The ways are this pipeline; the tutorial's graph session fed with arrays; Keras's ``fit``; and the
floor, the same arithmetic at the rate of one large matrix product. Each runs in its own process,
warmed up, and they take turns, so that all see the same machine. For this pipeline, the memory used
beyond the libraries is measured too. Needs ``data/arrays``: run ``make repro`` first.
"""

import math
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from benchmarks.results import record
from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.model.device import prepare
from stages.params.file import read_params
from stages.params.network import layers
from stages.shared import artifacts
from stages.shared.artifacts import Array
from stages.training.batches import Examples
from stages.training.trainer import Trainer

ROUNDS = 5
MATMUL_SIZE = 4096
PARAMETERS = read_params(Path("params.yaml"))
RECIPE = PARAMETERS.recipes["tutorial"]


def ours(images: Array, labels: Array) -> Callable[[], object]:
    """Return a function that trains one epoch of the recipe ``tutorial``, as the stages do."""
    prepare(PARAMETERS.machine.device, PARAMETERS.machine.threads)
    classifier = Classifier(RECIPE.network, measure(images), 10, RECIPE.seed)
    trainer = Trainer(
        classifier.network,
        RECIPE.training,
        PARAMETERS.machine,
        classifier.preprocessing,
        Examples(images, labels),
        RECIPE.seed,
        classifier.strategy,
    )
    epochs = iter(range(10_000))
    return lambda: trainer.run_epoch(next(epochs))


def session(images: Array, labels: Array) -> Callable[[], object]:
    """Return a function that trains as the tutorial does: a TensorFlow 1 graph, fed with arrays."""
    v1 = tf.compat.v1
    standardized = standardize(images)
    targets = np.eye(10, dtype=np.float32)[labels]
    random = np.random.default_rng(RECIPE.seed)

    def layer(name: str, shape: list[int]) -> tuple[tf.Tensor, tf.Tensor]:
        with v1.variable_scope(name):
            return (
                v1.get_variable("weights", shape, initializer=v1.glorot_uniform_initializer()),
                v1.get_variable("biases", shape[-1:], initializer=v1.zeros_initializer()),
            )

    def convolution(hidden: tf.Tensor, name: str, shape: list[int]) -> tf.Tensor:
        weights, biases = layer(name, shape)
        hidden = tf.nn.conv2d(hidden, weights, strides=[1, 1, 1, 1], padding="VALID")
        hidden = tf.nn.relu(tf.nn.bias_add(hidden, biases))
        pooled: tf.Tensor = tf.nn.max_pool(hidden, [1, 2, 2, 1], [1, 2, 2, 1], padding="SAME")
        return pooled

    with tf.Graph().as_default():
        pixels = v1.placeholder(tf.float32, [None, 784], name="pixels")
        target = v1.placeholder(tf.float32, [None, 10], name="target")
        kept = v1.placeholder(tf.float32, name="kept")
        hidden = convolution(tf.reshape(pixels, [-1, 28, 28, 1]), "conv_1", [5, 5, 1, 32])
        hidden = convolution(hidden, "conv_2", [5, 5, 32, 64])
        weights, biases = layer("fc_3", [1024, 1024])
        hidden = tf.nn.relu(tf.matmul(tf.reshape(hidden, [-1, 1024]), weights) + biases)
        hidden = v1.nn.dropout(hidden, rate=1 - kept)
        weights, biases = layer("fc_4", [1024, 10])
        logits = tf.matmul(hidden, weights) + biases
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(target, logits))
        step = v1.train.AdamOptimizer(1e-4).minimize(loss)
        runner = v1.Session()
        runner.run(v1.global_variables_initializer())

    def run_epoch() -> None:
        order = random.permutation(len(standardized))
        shuffled, shuffled_targets = standardized[order], targets[order]
        for start in range(0, len(order), 100):
            batch = slice(start, start + 100)
            feed = {pixels: shuffled[batch], target: shuffled_targets[batch], kept: 0.5}
            runner.run([loss, step], feed_dict=feed)

    return run_epoch


def keras_fit(images: Array, labels: Array) -> Callable[[], object]:
    """Return a function that trains the same network and optimizer with Keras's ``fit``."""
    network = keras.Sequential(
        [
            keras.layers.Conv2D(32, 5, activation="relu"),
            keras.layers.MaxPool2D(2, 2, "same"),
            keras.layers.Conv2D(64, 5, activation="relu"),
            keras.layers.MaxPool2D(2, 2, "same"),
            keras.layers.Flatten(),
            keras.layers.Dense(1024, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10),
        ]
    )
    network.compile(
        keras.optimizers.Adam(1e-4, epsilon=1e-8),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    standardized = standardize(images).reshape(-1, 28, 28, 1)
    return lambda: network.fit(standardized, labels, batch_size=100, verbose=0)


def matmul(images: Array, labels: Array) -> Callable[[], object]:  # noqa: ARG001
    """Return a function that computes one large float32 matrix product."""
    factor = tf.random.stateless_normal((MATMUL_SIZE, MATMUL_SIZE), (1, 2))
    multiply = tf.function(tf.matmul)
    return lambda: multiply(factor, factor).numpy()


CONTENDERS = {"ours": ours, "session": session, "keras": keras_fit, "matmul": matmul}


def standardize(images: Array) -> Array:
    """Return all pixels as ``(n, 784)`` float32, standardized beforehand as in the tutorial."""
    numbers = measure(images)
    return ((images - numbers["mean"]) / numbers["standard_deviation"]).reshape(len(images), -1)


def serve(name: str, connection: Connection) -> None:
    """Time the contender's epoch at each request from the other end; the first is a warm-up.

    At the end, send the peak memory of the process beyond its libraries, in bytes.
    """
    libraries = peak_memory()
    arrays = Path("data/arrays")
    images = np.array(artifacts.read_array(arrays / "train_images.npy"))
    labels = np.array(artifacts.read_array(arrays / "train_labels.npy"))
    run = CONTENDERS[name](images, labels)
    while connection.recv():
        begin = time.perf_counter()
        run()
        connection.send(time.perf_counter() - begin)
    connection.send(peak_memory() - libraries)


def peak_memory() -> int:
    """Return the peak memory of this process in bytes; Linux counts in units of 1024."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def epoch_operations() -> float:
    """Count the multiplications and additions of one epoch of 60,000 images.

    Each layer with weights computes its output, the gradient of its weights, and the gradient of
    its input, which the first layer does not need; each summed product takes 2 operations.
    """
    products = [
        math.prod(layer.kernel) * math.prod(layer.output[:-1])
        for layer in layers(RECIPE.network, (28, 28), 10)
    ]
    return 60_000 * 2 * (3 * sum(products) - products[0])


def main() -> None:
    """Let the contenders take turns; print and save the medians and their ratios."""
    context = multiprocessing.get_context("spawn")
    ends = {}
    for name in CONTENDERS:
        ends[name], theirs = context.Pipe()
        context.Process(target=serve, args=(name, theirs), daemon=True).start()
    seconds: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for _ in tqdm(range(1 + ROUNDS), unit="round"):
        for name, end in ends.items():
            end.send(True)
            seconds[name].append(end.recv())
    for end in ends.values():
        end.send(False)
    memory = {name: end.recv() for name, end in ends.items()}

    rounds = [{name: seconds[name][turn] for name in CONTENDERS} for turn in range(1, 1 + ROUNDS)]
    floor = epoch_operations() / (2 * MATMUL_SIZE**3)
    figures = {
        "epoch_seconds": {
            name: round(statistics.median(times[name] for times in rounds), 2)
            for name in ("ours", "session", "keras")
        },
        "epoch_over_session": median_ratio(rounds, "ours", "session"),
        "epoch_over_keras": median_ratio(rounds, "ours", "keras"),
        "share_of_matmul": round(floor * median_ratio(rounds, "matmul", "ours", digits=6), 3),
        "memory_over_float32_images": round(memory["ours"] / (60_000 * 28 * 28 * 4), 2),
        "rounds": ROUNDS,
    }
    for name, value in figures.items():
        print(f"{name:20} {value}")
    record("training", figures)


def median_ratio(rounds: list[dict[str, float]], one: str, other: str, digits: int = 3) -> float:
    """Return the median over the rounds of the ratio of two contenders' times."""
    return round(statistics.median(times[one] / times[other] for times in rounds), digits)


if __name__ == "__main__":
    main()
