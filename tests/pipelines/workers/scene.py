"""A worker's result for a caller, each with its own clone and cache; Git and DVC remotes between.

The worker's part is played without Prefect, so that it can be dishonest.
"""

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipelines.dvc.objects import object_path
from pipelines.dvc.outputs import Output, measure
from pipelines.errors import PipelineError
from pipelines.workers.accept import accept_result
from pipelines.workers.request import Request
from tests.helpers import md5
from tests.pipelines.repositories import run

MODEL, METRICS = "model.txt", "reports/metrics.json"

_yaml = YAML(typ="safe", pure=True)
# Git's objects; DVC's locks.
_NOT_COMPARED = (".git/objects", ".dvc/tmp")


class Scene:
    """A copy of it all, for one test to tamper with."""

    def __init__(self, root: Path, request: Request) -> None:
        self.root, self.request = root, request
        self.caller, self.worker = root / "caller", root / "worker"
        self.before = self.contents()

    def contents(self) -> dict[str, tuple[str, bytes]]:
        """The caller's files, index, branches and cache, which a refused result does not change."""
        found = {str(path.relative_to(self.caller)): path for path in self.caller.rglob("*")}
        return {
            name: (stat.filemode(path.lstat().st_mode), _content(path))
            for name, path in found.items()
            if not name.startswith(_NOT_COMPARED)
        }

    def accept_result(self) -> str:
        return accept_result(self.caller, self.request)

    def check_refused(self, error: type[PipelineError], sentence: str) -> None:
        with pytest.raises(error, match=sentence) as raised:
            self.accept_result()
        message = str(raised.value)
        assert message.isprintable()
        assert len(message) < 1200
        after = self.contents()
        changed = {*after.items()} ^ {*self.before.items()}
        assert not changed, sorted(name for name, _ in changed)
        assert not list((self.caller / ".dvc" / "tmp").glob("result-*"))

    def allow_any_kind(self) -> None:
        """Request the outputs as on the first run, when nothing is known about them."""
        expected = self.request.expected.model_copy(update={"kinds": {}})
        self.request = self.request.model_copy(update={"expected": expected})

    def lock(self) -> dict[str, Any]:
        found: dict[str, Any] = _yaml.load(self.worker / "dvc.lock")
        return found

    def output(self, path: str = MODEL) -> dict[str, Any]:
        (found,) = (out for out in self.lock()["stages"]["train"]["outs"] if out["path"] == path)
        return dict(found)

    def change_lock(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the worker's dvc.lock."""
        lock = self.lock()
        change(lock)
        with (self.worker / "dvc.lock").open("w") as file:
            YAML(typ="safe", pure=True).dump(lock, file)

    def change_record(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the stage's record in the worker's dvc.lock."""
        self.change_lock(lambda lock: change(lock["stages"]["train"]))

    def record(self, output: Output) -> None:
        """Record an output in the worker's dvc.lock."""
        index = [MODEL, METRICS].index(output.path)
        about = {"hash": "md5", **output.model_dump(exclude_none=True)}
        self.change_record(lambda record: record["outs"].__setitem__(index, about))

    def answer_again(self) -> None:
        """Put the worker's files, as they are now, in place of its result."""
        run(self.worker, "git", "add", "--all")
        self.commit_index()

    def commit_index(self) -> None:
        """Put the worker's index in place of its result."""
        run(self.worker, "git", "commit", "--quiet", "--amend", "--no-edit", "--allow-empty")
        self.push()

    def answer_with_folder(self, files: Mapping[str, bytes]) -> None:
        """Have Git's output be a folder, as the record states."""
        self.allow_any_kind()
        (self.worker / METRICS).unlink()
        for name, content in files.items():
            (self.worker / METRICS / name).parent.mkdir(parents=True, exist_ok=True)
            (self.worker / METRICS / name).write_bytes(content)
        self.record(measure(METRICS, files))
        self.answer_again()

    def answer_with_tree(self, *entries: tuple[str, bytes, str]) -> None:
        """Have Git's output be a tree of any entries: each a mode, a name and an object."""
        self.allow_any_kind()
        reports = self._tree_with("HEAD:reports", b"metrics.json", self.tree(*entries))
        tree = self._tree_with("HEAD:", b"reports", reports)
        commit = ("commit-tree", tree, "-p", self.request.commit, "-m", "Result")
        run(self.worker, "git", "update-ref", "HEAD", run(self.worker, "git", *commit))
        self.push()

    def _tree_with(self, tree: str, name: bytes, inner: str) -> str:
        """Write a tree that has another one at a name."""
        lines = run(self.worker, "git", "ls-tree", tree).splitlines()
        entries = [(line.split(), line.partition("\t")[2].encode()) for line in lines]
        return self.tree(
            *(
                ("40000", name, inner) if path == name else (about[0].lstrip("0"), path, about[2])
                for about, path in entries
            )
        )

    def tree(self, *entries: tuple[str, bytes, str]) -> str:
        """Write a tree as it is into the worker's repository."""
        content = b"".join(
            mode.encode() + b" " + name + b"\0" + bytes.fromhex(found)
            for mode, name, found in entries
        )
        (self.root / "tree").write_bytes(content)
        write = ("hash-object", "-t", "tree", "--literally", "-w", str(self.root / "tree"))
        return run(self.worker, "git", *write)

    def blob(self, content: bytes) -> str:
        (self.root / "blob").write_bytes(content)
        return run(self.worker, "git", "hash-object", "-w", str(self.root / "blob"))

    def push(self) -> None:
        branch = f"HEAD:refs/heads/{self.request.result}"
        run(self.worker, "git", "push", "--quiet", "--force", "origin", branch)

    def stored(self, name: str | None = None) -> Path:
        """The path of an object in DVC's remote, by default the model's; its folder exists."""
        place = object_path(self.root / "store", name or self.output()["md5"])
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def store(self, *objects: tuple[str, bytes]) -> None:
        """Write objects into DVC's remote."""
        for name, content in objects:
            self.stored(name).write_bytes(content)

    def answer_with_list(self, content: bytes, files: Sequence[tuple[str, bytes]] = ()) -> str:
        """Have DVC's output be a folder with this list, and give the name of the list.

        Args:
            content: of the list.
            files: the objects that it names, which the remote then has.
        """
        self.allow_any_kind()
        name = f"{md5(content)}.dir"
        self.store((name, content), *files)
        size, count = sum(len(content) for _, content in files), len(files)
        self.record(Output(path=MODEL, md5=name, size=size, nfiles=count))
        self.answer_again()
        return name


def _content(path: Path) -> bytes:
    if path.is_symlink():
        return os.fsencode(path.readlink())
    return path.read_bytes() if path.is_file() else b""
