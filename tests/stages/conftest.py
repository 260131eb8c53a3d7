"""Fixtures of the tests of stages/."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from stages.model.device import prepare
from stages.serving.description import Description, ImageFormat
from tests.helpers import ROOT
from tests.reports import CLASSES, report_inputs  # noqa: F401 - a fixture
from tests.stages.networks import (  # noqa: F401 - fixtures
    machine,
    reference_network,
    small_network,
    training,
)

# The threads of params.yaml: TensorFlow takes their number once in a process, and some modules
# compute when they are collected.
prepare("auto", 2)

yaml = YAML(typ="safe", pure=True)


@pytest.fixture
def small_search(tmp_path: Path) -> Path:
    """The project's tuning/params.yaml, cut to two cells, two folds and few images."""
    path = tmp_path / "search.yaml"
    search = yaml.load(ROOT / "tuning" / "params.yaml")
    search["folds"] = 2
    search["space"] = {"training.learning_rate": [0.0001, 0.01]}
    search["learning_curve"] = {"images": [300, 100]}
    yaml.dump(search, path)
    return path


@pytest.fixture
def mnist_description() -> Description:
    """What a model of MNIST takes and answers."""
    form = ImageFormat(
        height=28, width=28, dtype="uint8", minimum=0.0, maximum=255.0, background="minimum"
    )
    return Description(version=1, dataset="mnist", title="MNIST", classes=CLASSES, images=form)
