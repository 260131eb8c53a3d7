import subprocess
import sys
from pathlib import Path

import pytest

from stages.__main__ import main
from stages.shared.guard.session import check_unchanged

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "arguments", [[], ["guess"], ["artifacts"], ["guard"], ["../train"], ["retrain"]]
)
def test_what_is_no_stage_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)

    assert end.value.code == 1
    message = capsys.readouterr().err
    assert message.startswith("error: expected one of collect, evaluate, export, ")
    assert message.endswith(f"tune; found {arguments[0] if arguments else 'nothing'}.\n")


def test_a_change_that_the_stage_notices_removes_its_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stage() -> None:
        Path("output.txt").write_text("the first half")
        Path("input.txt").write_text("changed")
        check_unchanged()
        raise AssertionError

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_STAGE", "make")
    monkeypatch.setattr("stages.shared.guard.session.end_with_parent", lambda: None)
    monkeypatch.setattr("stages.__main__._main_of", lambda _: stage)
    Path("dvc.yaml").write_text("stages: {make: {deps: [input.txt], outs: [output.txt]}}\n")
    Path("input.txt").write_text("as it was")

    with pytest.raises(SystemExit) as end:
        main(["make"])

    assert end.value.code == 1
    assert "found changed: input.txt; " in capsys.readouterr().err
    assert not Path("output.txt").exists()


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
