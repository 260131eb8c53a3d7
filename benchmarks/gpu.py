"""Train a recipe on this machine's GPU in several ways, and print tables to send back.

Each way runs in its own process: float32 twice, which must give the same weights; bfloat16 and
float16; XLA; and float32 on the CPU. ``--device cpu`` uses the CPU instead of the GPU, without
float16, to try the command itself. Needs ``data/arrays``: run ``dvc repro ingest`` first. Exit
codes: 0 all checks pass; 3 a check fails; 1 an error, such as no GPU; 2 a wrong command line.
"""

import hashlib
import multiprocessing
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import typer

from stages.dataset.standardization import measure
from stages.model.classifier import Classifier
from stages.model.device import DeviceError, prepare
from stages.params.file import read_params
from stages.params.recipe import Recipe
from stages.shared import artifacts
from stages.shared.command import run
from stages.shared.errors import UserError
from stages.shared.parameters import Parameters
from stages.training.batches import Examples
from stages.training.hardware import hardware
from stages.training.loop import TrainingLoop

PARAMETERS = read_params(Path("params.yaml"))
FAILS = 3
# Largest difference from float32 on the same device: about the difference between two seeds.
LOSS_SHARE = 0.1
ACCURACY = 0.005


class Way(NamedTuple):
    """The device, precision and compilation of a training."""

    device: Literal["gpu", "cpu"]
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    jit_compile: bool = False


class Outcome(NamedTuple):
    """The result of a training."""

    loss: float
    """Loss of the last epoch, in nats."""
    accuracy: float
    """Accuracy on the test images."""
    epoch_seconds: float
    """Duration of the last epoch; the first also builds graphs."""
    weights: str
    """SHA-256 of all weights."""
    hardware: Mapping[str, Any]


class Check(NamedTuple):
    """A check that a person with a GPU relies on, and its result."""

    name: str
    found: str
    holds: bool


def main(
    device: Annotated[str, typer.Option(help="gpu, or cpu to try the command itself")] = "gpu",
    recipe: Annotated[str, typer.Option(help="of params.yaml")] = PARAMETERS.recipe,
    epochs: Annotated[int, typer.Option(min=1, help="of each training")] = 2,
    arrays: Annotated[Path, typer.Option(help="as ingest writes them")] = Path("data/arrays"),
) -> None:
    """Train in each way, and print the results."""
    if device not in {"gpu", "cpu"}:
        raise typer.BadParameter(f"expected gpu or cpu, found {device}.")
    ways = ways_on("gpu" if device == "gpu" else "cpu")
    try:
        outcomes = {name: apart(way, recipe, epochs, arrays) for name, way in ways.items()}
    except DeviceError:
        raise UserError(
            "expected a GPU that TensorFlow can use, found none; on a machine that has one: "
            "make setup EXTRA=gpu, then python -m benchmarks.gpu."
        ) from None
    checks = checked(outcomes)
    print("\n".join(tables(outcomes, checks)))
    raise SystemExit(0 if all(check.holds for check in checks) else FAILS)


def ways_on(device: Literal["gpu", "cpu"]) -> dict[str, Way]:
    """Return the ways to train by name; the first is the reference for the others."""
    # A CPU has no float16 and takes a hundred times as long to emulate it.
    float16 = {"float16": Way(device, "float16")} if device == "gpu" else {}
    return {
        "float32": Way(device),
        "float32 again": Way(device),
        "bfloat16": Way(device, "bfloat16"),
        **float16,
        "XLA": Way(device, jit_compile=True),
        "CPU": Way("cpu"),
    }


def apart(way: Way, recipe: str, epochs: int, arrays: Path) -> Outcome | str:
    """Train in a separate process; return the reason if it fails.

    Raises:
        UserError: there are no images, or no such recipe or device.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        try:
            return process.submit(trained, way, recipe, epochs, arrays).result()
        except UserError:
            raise
        # The table shows whatever a library raises.
        except Exception as error:
            return " ".join(f"{type(error).__name__}: {error}".split())


def trained(way: Way, recipe: str, epochs: int, arrays: Path) -> Outcome:
    """Train a recipe on all training images, and test it."""
    chosen = Parameters(Path("params.yaml")).named("recipe", recipe, Recipe)
    machine = PARAMETERS.machine.model_copy(update=way._asdict())
    prepare(way.device, machine.threads)
    images, labels, test_images, test_labels = (
        np.array(artifacts.read_array(arrays / f"{name}.npy"))
        for name in ("train_images", "train_labels", "test_images", "test_labels")
    )
    classes = len(PARAMETERS.chosen_dataset.classes)
    classifier = Classifier(chosen.network, measure(images), classes, chosen.seed)
    ends = [time.perf_counter()]
    training = chosen.training.model_copy(update={"epochs": epochs})
    loop = TrainingLoop(classifier, training, machine, Examples(images, labels))
    loop.run(lambda: ends.append(time.perf_counter()))
    digest = hashlib.sha256()
    for name, array in sorted(classifier.weights.items()):
        digest.update(name.encode() + array.tobytes())
    return Outcome(
        loss=float(loop.history["loss"].iloc[-1]),
        accuracy=float((classifier.labels(test_images) == test_labels).mean()),
        epoch_seconds=ends[-1] - ends[-2],
        weights=digest.hexdigest(),
        hardware=hardware(),
    )


def checked(outcomes: Mapping[str, Outcome | str]) -> list[Check]:
    """Check each outcome against the first."""
    (first, reference), *others = outcomes.items()
    if isinstance(reference, str):
        return [Check(f"{first} trains", reference, False)]
    checks = []
    for name, outcome in others:
        if isinstance(outcome, str):
            checks.append(Check(f"{name} trains", outcome, False))
        elif name == "float32 again":
            same = outcome.weights == reference.weights
            found = "the same weights" if same else "other weights"
            checks.append(Check("float32 is deterministic", found, same))
        else:
            loss = outcome.loss / reference.loss - 1
            accuracy = outcome.accuracy - reference.accuracy
            near = abs(loss) <= LOSS_SHARE and abs(accuracy) <= ACCURACY
            found = f"loss {loss:+.1%}, accuracy {100 * accuracy:+.2f} percentage points"
            checks.append(Check(f"{name} is near {first}", found, near))
    return checks


def tables(outcomes: Mapping[str, Outcome | str], checks: list[Check]) -> Iterator[str]:
    """Yield the lines of Markdown tables of the device, the trainings and the checks."""
    described = next((one.hardware for one in outcomes.values() if isinstance(one, Outcome)), {})
    yield from ("| device | |", "|---|---|")
    names = ("gpus", "driver", "cuda", "cudnn", "tensorflow", "devices", "cpu", "threads")
    for name in (name for name in names if name in described):
        value = described[name]
        yield f"| {name} | {', '.join(value) if isinstance(value, list) else value} |"
    yield from ("", "| training | accuracy | loss | seconds an epoch | weights |", "|---" * 5 + "|")
    for name, outcome in outcomes.items():
        if isinstance(outcome, str):
            yield f"| {name} | failed | | | |"
        else:
            yield (
                f"| {name} | {outcome.accuracy:.2%} | {outcome.loss:.4f} "
                f"| {outcome.epoch_seconds:.2f} | {outcome.weights[:12]} |"
            )
    yield from ("", "| check | found | |", "|---|---|---|")
    for check in checks:
        # A library's message may contain the separator of the table.
        found = check.found.replace("|", "/")
        yield f"| {check.name} | {found} | {'ok' if check.holds else 'FAILS'} |"


if __name__ == "__main__":
    run(main)
