"""Git and DVC repositories whose pipelines take no time."""

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.pipelines.in_process import dvc
from tests.pipelines.prefect_server import PYTHON

Git = Callable[..., str]


def run(folder: Path, *command: str) -> str:
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def isolate(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have Git and DVC be of this test alone."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "a")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "a@example.org")
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(folder / "site"))
    monkeypatch.setenv("DVC_NO_ANALYTICS", "true")
    monkeypatch.setenv("PATH", f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}")


@contextmanager
def isolated(folder: Path) -> Iterator[pytest.MonkeyPatch]:
    """Isolate Git and DVC while the block runs, for what several tests share."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        isolate(monkeypatch, folder)
        yield monkeypatch


def copy_toy(folder: Path) -> Path:
    """Copy the toy pipeline, a Git and DVC repository that is committed after its first run."""
    shutil.copytree(_toy(), folder, symlinks=True)
    return folder


@cache
def _toy() -> Path:
    """Run the toy pipeline once for all tests of this process."""
    temporary = Path(tempfile.mkdtemp(prefix="toy-"))
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    folder = temporary / "toy"
    shutil.copytree(Path(__file__).parent / "toy", folder)
    shutil.copy(ROOT / "prefect.toml", folder)
    for command in (
        ("git", "init", "--quiet", "--initial-branch=main"),
        ("dvc", "init", "--quiet"),
        ("dvc", "repro", "--quiet"),
        ("git", "add", "--all"),
        ("git", "commit", "--quiet", "-m", "Begin"),
    ):
        subprocess.run(command, cwd=folder, check=True)
    return folder


def copy_toy_with_worker(root: Path) -> tuple[Path, Path]:
    """Copy the toy with this project's flows, its remotes, and a worker's clone of it."""
    for name in ("toy", "origin.git", "worker"):
        shutil.copytree(_toy_with_worker() / name, root / name, symlinks=True)
    return root / "toy", root / "worker"


@cache
def _toy_with_worker() -> Path:
    """Make them once for all tests of this process."""
    root = _toy().parent / "with-worker"
    root.mkdir()
    toy = copy_toy(root / "toy")
    add_flows(toy)
    run(toy, "git", "add", "--all")
    run(toy, "git", "commit", "--quiet", "-m", "Have a flow")
    clone_for_work(root, toy)
    return root


def make_gated(folder: Path) -> Path:
    """Make a repository with a pipeline whose results a gate can check; it has not been run."""
    shutil.copytree(Path(__file__).parent / "gated", folder)
    (folder / ".gitignore").write_text("/model.txt\n/reports/predictions.csv\n")
    run(folder, "git", "init", "--quiet", "--initial-branch=main")
    dvc(folder, "init")
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "-m", "Begin")
    return folder


def clone_for_work(root: Path, caller: Path) -> Path:
    """Give the caller, a folder of the root, remotes beside it, and clone it for a worker."""
    origin, worker = "../origin.git", root / "worker"
    run(root, "git", "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    run(caller, "git", "remote", "add", "origin", origin)
    run(caller, "git", "push", "--quiet", "origin", "main")
    run(root, "git", "clone", "--quiet", "origin.git", "worker")
    run(worker, "git", "remote", "set-url", "origin", origin)
    for clone in (caller, worker):
        # DVC takes it from the folder of its configuration.
        set_dvc_remote(clone, "../../store")
    return worker


def set_dvc_remote(clone: Path, url: str, *options: str) -> None:
    """Write what ``dvc remote add --local --default store URL`` does, and options of the remote."""
    lines = ["[core]", "remote = store", "['remote \"store\"']", f"url = {url}", *options]
    (clone / ".dvc" / "config.local").write_text("\n".join([*lines, ""]))


def add_flows(toy: Path) -> None:
    """Add this project's flows to the toy."""
    for package in ("pipelines", "stages"):
        shutil.copytree(ROOT / package, toy / package, ignore=shutil.ignore_patterns("__py*"))
    shutil.copy(ROOT / "prefect.yaml", toy)
    ignored = ("/raw.txt", "/model.txt", "/.prefect/", "__pycache__/")
    (toy / ".gitignore").write_text("\n".join([*ignored, ""]))


def commit_folder(toy: Path) -> None:
    """Have a stage of the toy make a folder of two files, and commit it."""
    (toy / "dvc.yaml").write_text(
        "stages:\n  many:\n    cmd: mkdir -p many && echo a > many/a && echo b > many/b\n"
        "    outs: [many]\n"
    )
    dvc(toy, "repro")
    run(toy, "git", "add", "--all")
    run(toy, "git", "commit", "--quiet", "-m", "A folder")


def search(toy: Path) -> None:
    """Have a second pipeline beside the toy's, as the project has one for its search."""
    (toy / "tuning").mkdir()
    (toy / "tuning" / "dvc.yaml").write_text(
        "stages:\n"
        "  tune:\n"
        "    wdir: ..\n"
        "    cmd: cat raw.txt > reports/tuning.csv\n"
        "    deps: [raw.txt]\n"
        "    outs:\n"
        "      - reports/tuning.csv: {cache: false}\n"
        "    meta: {pool: gpu}\n"
    )


@contextmanager
def dvc_at_work(folder: Path) -> Iterator[None]:
    """Another command of DVC's, which has its lock for longer than DVC waits by default."""
    hold = (
        "import time; from dvc.repo import Repo\n"
        "with Repo().lock: print('held', flush=True); time.sleep(8)"
    )
    with subprocess.Popen(
        [PYTHON, "-c", hold], cwd=folder, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        yield
