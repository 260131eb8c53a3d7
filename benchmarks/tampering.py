"""Tamper with a worker's result in eight ways; the caller must refuse each of them."""

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipelines.dvc.objects import object_path
from pipelines.git.repository import identity
from pipelines.workers.request import Request

_yaml = YAML()


class Answered:
    """An honest result of a worker.

    Args:
        worker: the clone whose HEAD is the result.
        store: the folder that is DVC's remote.
        request: the request that the result is for.
    """

    def __init__(self, worker: Path, store: Path, request: Request) -> None:
        self.worker, self.store, self.request = worker, store, request

    def output(self, *, cached: bool) -> dict[str, Any]:
        """Return the dvc.lock record of the stage's first output that is or is not cached."""
        outs = self._lock()["stages"][self.request.stage]["outs"]
        return next(out for out in outs if self.request.expected.outs[out["path"]] == cached)

    def stored(self) -> Path:
        """Return the object of the first cached output in DVC's remote, made writable."""
        place = object_path(self.store, self.output(cached=True)["md5"])
        place.chmod(0o644)
        return place

    def edit(self, stage: str, change: Callable[[dict[str, Any]], object]) -> None:
        """Change a stage's record in dvc.lock."""
        lock = self._lock()
        change(lock["stages"][stage])
        _yaml.dump(lock, self.worker / self.request.lock)

    def push(self) -> None:
        """Replace the result with the worker's current files."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--amend", "--no-edit")
        self.push_head()

    def push_head(self) -> None:
        """Replace the result with the worker's HEAD."""
        self.git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{self.request.result}")

    def git(self, *arguments: str) -> None:
        """Run Git in the worker's clone."""
        subprocess.run(["git", *identity(self.worker), *arguments], cwd=self.worker, check=True)

    def _lock(self) -> dict[str, Any]:
        lock: dict[str, Any] = _yaml.load(self.worker / self.request.lock)
        return lock


def other_weights(submitted: Answered) -> None:
    """Replace an output's bytes with as many other bytes."""
    place = submitted.stored()
    content = bytearray(place.read_bytes())
    content[-2] ^= 1
    place.write_bytes(content)


def other_params(submitted: Answered) -> None:
    """Record another value of a parameter."""

    def change(record: dict[str, Any]) -> None:
        params = next(iter(record["params"].values()))
        params[next(iter(params))] = "another"

    submitted.edit(submitted.request.stage, change)
    submitted.push()


def old_commit(submitted: Answered) -> None:
    """Base the result on the commit before the requested one."""
    submitted.git("reset", "--quiet", "--soft", f"{submitted.request.commit}^")
    submitted.git("commit", "--quiet", "-m", "Result")
    submitted.push_head()


def missing_object(submitted: Answered) -> None:
    """Remove the bytes of an output."""
    submitted.stored().unlink()


def extra_file(submitted: Answered) -> None:
    """Change a file that is not an output of the stage."""
    (submitted.worker / "extra.txt").write_text("extra\n")
    submitted.push()


def edited_metrics(submitted: Answered) -> None:
    """Change the digits of an output that Git stores, keeping its size."""
    metrics = submitted.worker / submitted.output(cached=False)["path"]
    metrics.write_text(metrics.read_text().translate(str.maketrans("0123456789", "1234567890")))
    submitted.push()


def other_stages_record(submitted: Answered) -> None:
    """Change the dvc.lock record of a stage that was not requested."""
    submitted.edit("report", lambda record: record.update(cmd="true"))
    submitted.push()


def truncated_object(submitted: Answered) -> None:
    """Truncate an output to its first bytes."""
    os.truncate(submitted.stored(), 4)


TAMPERINGS: Mapping[str, Callable[[Answered], None]] = {
    "other weights": other_weights,
    "other params": other_params,
    "old commit": old_commit,
    "missing object": missing_object,
    "extra file": extra_file,
    "edited metrics": edited_metrics,
    "another stage's record": other_stages_record,
    "truncated object": truncated_object,
}
