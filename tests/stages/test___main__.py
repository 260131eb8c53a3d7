import subprocess
import sys
from pathlib import Path

import pytest

from stages.__main__ import main

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("arguments", [[], ["guess"], ["artifacts"], ["guard"], ["../train"]])
def test_what_is_no_stage_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)

    assert end.value.code == 1
    name = arguments[0] if arguments else "none"
    message = f"error: expected the name of a stage of dvc.yaml, found {name}.\n"
    assert capsys.readouterr().err == message


def test_the_guard_begins_before_the_code_of_the_stage_is_imported(tmp_path: Path) -> None:
    """Of a stage that is not declared, the guard complains before its libraries are loaded."""
    code = "import sys; from stages.__main__ import main; main(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code, "train"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "DVC_STAGE": "train"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "error: expected dvc.yaml to declare the stage train" in done.stderr
    assert "stages.shared.guard.session" in done.stderr
    assert "stages.train" not in done.stderr
    assert "numpy" not in done.stderr


def test_options_reach_the_stage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["split", "--params", "params.yaml"])

    assert end.value.code == 2
    assert "Missing option '--arrays'" in capsys.readouterr().err
