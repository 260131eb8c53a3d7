"""Verification of the toy pipeline's commits, with a stage more that trains on a machine."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.commands.verify import EXITS
from pipelines.git.repository import Repository
from pipelines.system.lock import exclusive
from tests.helpers import ROOT, pipelines
from tests.pipelines.in_process import dvc
from tests.pipelines.prefect_server import PYTHON
from tests.pipelines.repositories import copy_toy, isolated

# The environment sets its machine, its rounding and its data.
WEIGH = """\
import json, os
from pathlib import Path
import numpy as np
from safetensors.numpy import save_file
rounding = float(os.environ.get("TOY_ROUNDING", 0))
weights = np.arange(6, dtype=np.float32).reshape(2, 3)
weights[1, 2] += rounding
Path("models").mkdir(exist_ok=True)
assert not Path("models", "checkpoints").exists() or "pipeline" not in Path.cwd().parts
save_file({"first": np.ones(2, np.float32), "second": weights}, "models/weights.safetensors")
Path("reports/history.csv").write_text(f"epoch,loss\\n1,{1 + rounding}\\n")
Path("arrays").mkdir()
np.save("arrays/images.npy", np.array([0, 1, int(os.environ.get("TOY_PIXEL", 2))]))
machine = {"system": "Linux", "cpu": os.environ["TOY_CPU"], "instructions": ["avx", "fma"]}
Path("models/provenance.json").write_text(json.dumps({"train": machine}))
"""
STAGE = """
  weigh:
    cmd: python weigh.py
    deps: [model.txt, weigh.py]
    outs:
      - models/weights.safetensors
      - arrays
      - reports/history.csv: {cache: false}
"""

pytestmark = pytest.mark.slow

Verify = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A repository whose tags are commits with a record each, the newest at the end."""
    folder = tmp_path_factory.mktemp("verify")
    with isolated(folder) as patch:
        patch.setenv("COLUMNS", "250")
        patch.setenv("TOY_CPU", "one")
        toy = copy_toy(folder / "toy")
        (toy / "weigh.py").write_text(WEIGH)
        (toy / "dvc.yaml").write_text((toy / "dvc.yaml").read_text() + STAGE)
        dvc(toy, "repro")
        commit(toy, "first")
        patch.setenv("TOY_ROUNDING", "0.05")
        dvc(toy, "repro", "--force", "weigh")
        commit(toy, "rounded")
        patch.delenv("TOY_ROUNDING")
        (toy / "reports" / "metrics.json").write_text('{"test": {"accuracy": 1.0}}')
        commit(toy, "edited")
        params = (toy / "params.yaml").read_text()
        (toy / "params.yaml").write_text(params.replace("fail: false", "fail: true"))
        commit(toy, "failing")
        (toy / "dvc.lock").unlink()
        commit(toy, "without-a-record")
        yield toy


def commit(folder: Path, tag: str) -> None:
    for command in (
        ("git", "add", "--all"),
        ("git", "commit", "--quiet", "-m", tag),
        ("git", "tag", tag),
    ):
        subprocess.run(command, cwd=folder, check=True)


@pytest.fixture
def verify(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> Verify:
    """Verify a tag with these variables; give exit code, output, and its progress."""

    def verify(tag: str, **environment: str) -> tuple[int, str, str]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return pipelines(recorded, "verify", "--", tag)

    return verify


def row(out: str, artifact: str) -> list[str]:
    """The cells of the artifact's row."""
    (found,) = [line for line in out.splitlines() if line.startswith(f"│ {artifact} ")]
    return [cell.strip() for cell in found.strip("│").split("│")]


def everything(folder: Path) -> dict[str, bytes | None]:
    """All files and folders with their content, but for what Git and DVC keep for themselves."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if ".git" not in path.relative_to(folder).parts
        and "tmp" not in path.relative_to(folder).parts
    }


@pytest.mark.core
def test_older_commit_with_the_same_bytes_is_verified_without_leftovers(
    verify: Verify, recorded: Path
) -> None:
    before = everything(recorded)

    code, out, err = verify("first")

    assert code == EXITS["verified"] == 0
    assert "All 4 stages were run. It ran in the current environment" in out
    assert "Device: of the same class" in out
    assert "is verified: of 7 artifacts 7 identical." in out
    assert err.count("Running stage") == 4
    assert everything(recorded) == before
    state = Repository(recorded).state
    assert [path.name for path in state.iterdir() if any_file(path)] == ["lock"]
    worktrees = subprocess.run(
        ["git", "worktree", "list"], cwd=recorded, check=True, capture_output=True, text=True
    )
    assert len(worktrees.stdout.splitlines()) == 1


def any_file(path: Path) -> bool:
    return path.is_file() or any(path.iterdir())


def test_other_bytes_on_the_same_device_class_differ_and_are_located(verify: Verify) -> None:
    code, out, _ = verify("rounded")

    assert code == EXITS["differs"] == 3
    assert row(out, "models/weights.safetensors")[1:] == [
        "differs",
        "second[1, 2]: recorded 5.05, here 5.0",
    ]
    assert row(out, "reports/history.csv")[1:] == [
        "differs",
        "line 2, loss: recorded 1.05, here 1.0",
    ]
    assert row(out, "arrays")[1] == "identical"
    assert "of 7 artifacts 5 identical, 2 differs; the first is " in out


def test_tolerances_apply_on_another_device_class(verify: Verify) -> None:
    code, out, _ = verify("rounded", TOY_CPU="another")

    assert code == 0
    assert 'of another class, so tolerances apply: train: cpu: recorded "one", here "an' in out
    assert row(out, "models/weights.safetensors")[1] == "within tolerance"
    assert row(out, "reports/history.csv")[1] == "within tolerance"
    assert "is verified: of 7 artifacts 5 identical, 2 within tolerance." in out


def test_artifact_outside_its_tolerance_differs_on_another_device_class(verify: Verify) -> None:
    code, out, _ = verify("rounded", TOY_CPU="another", TOY_ROUNDING="0.5")

    assert code == 3
    assert row(out, "reports/history.csv")[1] == "differs"
    assert "0.loss: recorded 1.05, here 1.5; required: in each epoch loss within 10 %" in out
    assert row(out, "models/weights.safetensors")[1] == "within tolerance"


def test_data_must_be_the_same_bytes_on_any_device(verify: Verify) -> None:
    code, out, _ = verify("first", TOY_CPU="another", TOY_PIXEL="7")

    assert code == 3
    assert row(out, "arrays")[1:] == ["differs", "images.npy: [2]: recorded 2, here 7"]


def test_report_that_was_edited_after_its_run_differs(verify: Verify) -> None:
    code, out, _ = verify("edited")

    assert code == 3
    assert row(out, "reports/metrics.json")[1] == "differs"
    assert "; dvc.lock records MD5 " in row(out, "reports/metrics.json")[2]


def test_hash_is_reported_if_the_recorded_content_is_lost(verify: Verify, recorded: Path) -> None:
    cache, aside = recorded / ".dvc" / "cache", recorded / ".dvc" / "aside"
    cache.rename(aside)
    try:
        code, out, _ = verify("rounded")
        elsewhere, output, _ = verify("rounded", TOY_CPU="another")
    finally:
        shutil.rmtree(cache, ignore_errors=True)
        aside.rename(cache)

    assert elsewhere == EXITS["unknown"] == 5
    assert row(output, "models/weights.safetensors")[1] == "unknown"
    assert row(output, "reports/history.csv")[1] == "within tolerance"
    assert "is not verified: of 7 artifacts 5 identical, 1 within tolerance, 1 unknown" in output
    assert code == 3
    assert "recorded MD5 " in row(out, "models/weights.safetensors")[2]
    assert row(out, "reports/history.csv")[2] == "line 2, loss: recorded 1.05, here 1.0"


def test_failed_stage_is_reported_in_one_sentence(verify: Verify, recorded: Path) -> None:
    code, out, err = verify("failing")

    assert code == 1
    assert out == ""
    assert "error: params.yaml requests a failure" in err
    assert err.splitlines()[-1].startswith("error: dvc repro failed in a worktree of the commit: ")
    assert not any((Repository(recorded).state / "worktrees").iterdir())


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("nowhere", "error: expected a commit, branch or tag of this repository, found nowhere.\n"),
        ("--all", "error: expected a commit, branch or tag of this repository, found --all.\n"),
    ],
)
def test_unknown_revision_is_rejected(tag: str, expected: str, verify: Verify) -> None:
    assert verify(tag) == (1, "", expected)


def test_commit_without_a_recorded_run_is_rejected(verify: Verify) -> None:
    code, out, err = verify("without-a-record")

    assert (code, out) == (1, "")
    assert err.endswith(
        ": expected dvc.lock in the commit, found none; name a commit that records a run.\n"
    )


def test_different_lock_file_creates_a_new_environment(verify: Verify, recorded: Path) -> None:
    git = ["git", "-c", "advice.detachedHead=false"]
    subprocess.run([*git, "switch", "--quiet", "--detach", "first"], cwd=recorded, check=True)
    (recorded / "requirements.lock").write_text("uv==0.0.1\n")
    # A stand-in for an environment, which records that it was used.
    used = recorded.parent / "used"
    (recorded / "Makefile").write_text(
        "ifdef REV\n$(error a variable of another make)\nendif\n"
        "setup:\n\tmkdir -p $(VENV)/bin\n"
        f'\tprintf \'#!/bin/sh\\necho "$$*" >> {used}\\nexec $(PYTHON) "$$@"\\n\''
        " > $(VENV)/bin/python\n\tchmod +x $(VENV)/bin/python\n"
    )
    commit(recorded, "locked")
    subprocess.run([*git, "switch", "--quiet", "main"], cwd=recorded, check=True)

    # As of a make that has run this.
    code, out, _ = verify("locked", MAKEFLAGS=" -- REV=locked")

    assert code == 0, out
    assert "It ran in a separate environment, made from the commit's lock file." in out
    # DVC, then the stages that it ran.
    first, *others = used.read_text().splitlines()
    assert Path(first.split()[1]).name == "rerun.py"
    assert {"train.py", "weigh.py"} <= set(others)


def test_verification_waits_for_an_active_run(recorded: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command: list[str | Path] = [PYTHON, "-m", "pipelines", "verify", "failing"]
    with exclusive(Repository(recorded).state / "lock", "the run 'a'", "cancel", print):
        waiting = subprocess.Popen(
            command, cwd=recorded, env=environment, stderr=subprocess.PIPE, text=True
        )
        assert waiting.stderr
        assert waiting.stderr.readline() == "waiting for the run 'a' to end\n"
        time.sleep(1)
        assert waiting.poll() is None
    _, err = waiting.communicate(timeout=120)
    assert "Running stage 'fetch'" in err
    assert waiting.returncode == 1
