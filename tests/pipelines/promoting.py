"""The commands of a promotion, on a repository whose results a gate can check."""

import json
from pathlib import Path
from typing import Any

from tests.helpers import pipelines
from tests.pipelines.in_process import dvc, gto
from tests.pipelines.repositories import run


def run_gate(folder: Path) -> tuple[int, str]:
    return run_command(folder, "gate")


def promote(folder: Path, *arguments: str) -> tuple[int, str]:
    return run_command(folder, "promote", *arguments)


def rollback(folder: Path, *arguments: str) -> tuple[int, str]:
    return run_command(folder, "rollback", *arguments)


def run_command(folder: Path, *arguments: str) -> tuple[int, str]:
    done = pipelines(folder, *arguments)
    return done.code, done.out + done.err


def commit(folder: Path, wrong: int) -> str:
    """Commit a model that gets so many images wrong, and its gate report."""
    params = (folder / "params.yaml").read_text().splitlines()
    params[1] = f"wrong: {wrong}"
    (folder / "params.yaml").write_text("\n".join(params) + "\n")
    dvc(folder, "repro")
    assert run_gate(folder)[0] in {0, 3}
    return commit_all(folder, f"{wrong} wrong")


def commit_all(folder: Path, message: str) -> str:
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "--allow-empty", "-m", message)
    return run(folder, "git", "rev-parse", "HEAD")


def gate_report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "reports" / "gate.json").read_text())
    return found


def holder(folder: Path, artifact: str = "net") -> str:
    """The version that has the stage, as GTO reports it."""
    shown = json.loads(gto(folder, "show", f"{artifact}#production", "--json"))
    return str(shown[0]["version"]) if shown else "none"
