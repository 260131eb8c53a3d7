import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.checks.parameters import check_parameters
from pipelines.errors import PipelineError
from tests.helpers import ROOT


def test_the_projects_parameters_are_valid() -> None:
    check_parameters(ROOT)


def test_every_invalid_value_is_named_also_where_no_stage_reads_it(
    tmp_path: Path, edit: Callable[[Path, str, Any], None]
) -> None:
    path = tmp_path / "params.yaml"
    shutil.copy(ROOT / "params.yaml", path)
    edit(path, "datasets.mnist.gate.min_accuracy", 99)
    edit(path, "recipes.accurate.training.epochs", 0)

    with pytest.raises(PipelineError, match=r"gate\.min_accuracy must be from 0 to 1") as refused:
        check_parameters(tmp_path)

    assert "recipes.accurate.training.epochs must be from 1 to 10000" in str(refused.value)
    assert "\n" not in str(refused.value)
