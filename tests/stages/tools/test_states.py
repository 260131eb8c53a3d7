import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Edit = Callable[[Path, str, Any], None]


def states(params: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stages.tools.states", "--params", params],
        check=False,
        capture_output=True,
        text=True,
    )


def test_the_states_of_the_chosen_data_set_are_a_line_of_json(small_params: Path) -> None:
    done = states(small_params)

    answer = json.loads(done.stdout)
    assert answer["dataset"] == "mnist"
    ((source, state),) = answer["states"].items()
    assert source.endswith("mnist-small")
    assert len(state) == 64


def test_a_mistake_in_the_parameters_is_a_sentence(small_params: Path, edit: Edit) -> None:
    edit(small_params, "dataset", "none")

    done = states(small_params)

    assert done.returncode == 1
    assert "dataset must be one of" in done.stderr
    assert "Traceback" not in done.stderr
