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
    """An honest result.

    Args:
        worker: the clone whose HEAD it is.
        store: the folder that is DVC's remote.
        request: that it belongs to.
    """

    def __init__(self, worker: Path, store: Path, request: Request) -> None:
        self.worker, self.store, self.request = worker, store, request

    def output(self, *, cached: bool) -> dict[str, Any]:
        """Give what dvc.lock says of the stage's first output of a kind."""
        outs = self._lock()["stages"][self.request.stage]["outs"]
        return next(out for out in outs if self.request.expected.outs[out["path"]] == cached)

    def stored(self) -> Path:
        """Give the object of the first output that DVC's remote has, to be written to."""
        place = object_path(self.store, self.output(cached=True)["md5"])
        place.chmod(0o644)
        return place

    def edit(self, stage: str, change: Callable[[dict[str, Any]], object]) -> None:
        """Change a stage's record in dvc.lock."""
        lock = self._lock()
        change(lock["stages"][stage])
        _yaml.dump(lock, self.worker / self.request.lock)

    def push(self) -> None:
        """Put the worker's files, as they are now, in place of its result."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--amend", "--no-edit")
        self.push_head()

    def push_head(self) -> None:
        """Put the worker's HEAD in place of its result."""
        self.git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{self.request.result}")

    def git(self, *arguments: str) -> None:
        """Run Git in the worker's clone."""
        subprocess.run(["git", *identity(self.worker), *arguments], cwd=self.worker, check=True)

    def _lock(self) -> dict[str, Any]:
        lock: dict[str, Any] = _yaml.load(self.worker / self.request.lock)
        return lock


def other_weights(submitted: Answered) -> None:
    """Have other bytes, as many, in place of an output's."""
    place = submitted.stored()
    content = bytearray(place.read_bytes())
    content[-2] ^= 1
    place.write_bytes(content)


def other_params(submitted: Answered) -> None:
    """Say that it ran with another value of a parameter."""

    def change(record: dict[str, Any]) -> None:
        params = next(iter(record["params"].values()))
        params[next(iter(params))] = "another"

    submitted.edit(submitted.request.stage, change)
    submitted.push()


def old_commit(submitted: Answered) -> None:
    """Result on top of the commit before the one that was asked about."""
    submitted.git("reset", "--quiet", "--soft", f"{submitted.request.commit}^")
    submitted.git("commit", "--quiet", "-m", "Result")
    submitted.push_head()


def missing_object(submitted: Answered) -> None:
    """Have no bytes of an output."""
    submitted.stored().unlink()


def extra_file(submitted: Answered) -> None:
    """Change a file that is none of the stage's outputs."""
    (submitted.worker / "extra.txt").write_text("extra\n")
    submitted.push()


def edited_metrics(submitted: Answered) -> None:
    """Have other figures, as long, in an output that Git holds."""
    metrics = submitted.worker / submitted.output(cached=False)["path"]
    metrics.write_text(metrics.read_text().translate(str.maketrans("0123456789", "1234567890")))
    submitted.push()


def other_stages_record(submitted: Answered) -> None:
    """Change what dvc.lock says of a stage that was not asked for."""
    submitted.edit("report", lambda record: record.update(cmd="true"))
    submitted.push()


def truncated_object(submitted: Answered) -> None:
    """Have the first bytes alone of an output."""
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
