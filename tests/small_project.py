"""A copy of this project on 600 digits, which runs in seconds, with DVC as its users have it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from ruamel.yaml import YAML

from tests.helpers import ROOT, wait_until
from tests.small_mnist import write_small_params

# Seconds between two looks at a training that takes less than a second.
_PAUSE = 0.005
# Enough pictures for every result of the stage handwriting: a digit, one at the edge, and none.
_PICTURES = {"0-lamp-from-a-side.jpg", "7-at-the-edge.jpg", "blank.jpg"}


class Project:
    """A repository of Git and DVC in a folder of its own."""

    def __init__(self, folder: Path, site: Path) -> None:
        self.folder = folder
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("DVC_")
        } | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DVC_SITE_CACHE_DIR": str(site),
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@example.org",
        }

    def run(self, *command: str, code: int = 0, **variables: str) -> str:
        """Run a command, which must end with the code, and give what it prints."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment | variables,
            check=False,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def commit(self) -> None:
        """Commit all files."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", "run")

    @contextmanager
    def started(self, *command: str, **variables: str) -> Iterator["subprocess.Popen[str]"]:
        """Start a command in a session of its own, which is killed with the block."""
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment | variables,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    @contextmanager
    def stopped_in(
        self, stage: str, *command: str, **variables: str
    ) -> Iterator[tuple["subprocess.Popen[str]", psutil.Process]]:
        """Start a command, and stop the stage that it runs once it has kept a checkpoint.

        Gives the command and the stage; the block lets the stage go on by ``resume()``.
        """
        checkpoints = self.folder / "models" / "checkpoints"
        with self.started(*command, **variables) as process:
            running = wait_until(
                lambda: process.poll() is not None or self.process_of(stage), _PAUSE
            )
            assert isinstance(running, psutil.Process), process.communicate()[0]
            wait_until(lambda: list(checkpoints.glob("*.safetensors")), _PAUSE)
            running.suspend()
            assert self.process_of(stage) == running
            yield process, running

    def process_of(self, stage: str) -> psutil.Process | None:
        """Give the process that holds the lock of a stage."""
        with suppress(OSError, ValueError, psutil.NoSuchProcess):
            lock = self.folder / ".dvc" / "tmp" / "stages" / f"{stage}.lock"
            return psutil.Process(int(lock.read_text()))
        return None

    def lock(self) -> Mapping[str, Any]:
        """Give the stages as ``dvc.lock`` records them."""
        path = self.folder / "dvc.lock"
        stages: Mapping[str, Any] = YAML(typ="safe").load(path)["stages"] if path.exists() else {}
        return stages

    def outputs(self) -> Mapping[str, bytes]:
        """Give every file that ``dvc.lock`` records as an output, as it is in the folder."""
        paths = [
            self.folder / out["path"] for of in self.lock().values() for out in of.get("outs", [])
        ]
        files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])]
        return {
            str(file.relative_to(self.folder)): file.read_bytes()
            for file in files
            if file.is_file()
        }

    def run_cache(self) -> set[str]:
        """Name the runs that DVC can restore."""
        return {path.name for path in (self.folder / ".dvc/cache/runs").rglob("*")}

    def leftovers(self) -> list[str]:
        """Name what no process may leave: its files in the making, locks, and itself."""
        files = [*self.folder.rglob(".*.part"), *(self.folder / ".dvc/tmp").rglob("stages/*")]
        return [
            *(str(path.relative_to(self.folder)) for path in files),
            *(" ".join(process.info["cmdline"]) for process in self._processes()),
        ]

    def _processes(self) -> list[psutil.Process]:
        return [
            process
            for process in psutil.process_iter(["cwd", "cmdline"])
            if process.info["cwd"] == str(self.folder)
        ]


def program_of(stage: str, pictures: str = "data/handwriting") -> list[str]:
    """Give the module that a stage runs, and its arguments."""
    declared = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"][stage]["cmd"]
    python, option, *rest = str(declared).replace("${handwriting.folder}", pictures).split()
    assert (python, option) == ("python", "-m")
    return rest


def retrain(project: Project) -> None:
    """Have `train` run again, though nothing that it depends on has changed."""
    (project.folder / "models" / "train.safetensors").unlink()
    forget(project, "train")


def forget(project: Project, stage: str) -> None:
    """Have nothing in DVC's cache that an output of a stage could be restored from."""
    outputs = [out["path"] for out in project.lock()[stage]["outs"]]
    for run in (project.folder / ".dvc" / "cache" / "runs").iterdir():
        for entry in run.rglob("*"):
            if entry.is_file() and any(
                f"path: {output}\n" in entry.read_text() for output in outputs
            ):
                entry.unlink()
    for name in objects_of(project, stage):
        name.chmod(0o644)
        name.unlink()


def objects_of(project: Project, stage: str) -> list[Path]:
    cache = project.folder / ".dvc" / "cache" / "files" / "md5"
    names = [out["md5"] for out in project.lock()[stage]["outs"]]
    return [cache / name[:2] / name[2:] for name in names if (cache / name[:2] / name[2:]).exists()]


def copy_project(folder: Path) -> None:
    """Copy the project as it stands here, with small data and nothing that was run before."""
    for name in _files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    # Epochs enough for a test to stop a training in the middle.
    write_small_params(folder / "params.yaml", epochs=6)


def _files() -> list[str]:
    """List the files to copy: those that Git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = [Path(name) for name in listed.stdout.splitlines()]
    return [
        str(path)
        for path in paths
        if (ROOT / path).is_file()
        and path.parts[0] not in {"reports", "tests"}
        and path.name != "dvc.lock"
        and (path.parent != Path("data/handwriting") or path.name in _PICTURES)
    ]
