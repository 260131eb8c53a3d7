"""Fixtures of the tests of stages/."""

from pathlib import Path

import pytest

from stages.model.device import prepare
from stages.serving.description import Description, ImageFormat
from tests.helpers import ROOT
from tests.reports import CLASSES, finished_reports, report_inputs  # noqa: F401 - fixtures
from tests.stages.networks import (  # noqa: F401 - fixtures
    machine,
    reference_network,
    small_network,
    training,
)

# The threads of params.yaml: TensorFlow takes their number once in a process, and some modules
# compute when they are collected.
prepare("auto", 2)


@pytest.fixture
def project_params(tmp_path: Path) -> Path:
    """A copy of the project's params.yaml."""
    path = tmp_path / "params.yaml"
    path.write_bytes((ROOT / "params.yaml").read_bytes())
    return path


@pytest.fixture(scope="session")
def mnist_description() -> Description:
    """What a model of MNIST takes and answers."""
    form = ImageFormat(
        height=28, width=28, dtype="uint8", minimum=0.0, maximum=255.0, background="minimum"
    )
    return Description(version=1, dataset="mnist", title="MNIST", classes=CLASSES, images=form)
