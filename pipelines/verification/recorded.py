"""What a commit records of a run's outputs, and the contents that it means."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipelines.checkout import PROVENANCE, dvc
from pipelines.commits import LOCK, contents_of
from pipelines.errors import DamagedError, PipelineError
from pipelines.storage import remote
from pipelines.storage.objects import bring, entries, object_path
from pipelines.storage.outputs import Output, measure


class Record(NamedTuple):
    """What a ``dvc.lock`` says."""

    stages: frozenset[str]
    outputs: Mapping[str, Output]
    """By path, in the order of the stages."""


def recorded(folder: Path, commit: str) -> Record:
    """Read what a commit records.

    Raises:
        PipelineError: it has no ``dvc.lock``, or one that DVC did not write.
    """
    content = contents_of(folder, commit, LOCK).get("")
    if content is None:
        raise PipelineError(
            f"{commit[:7]}: expected {LOCK} in it, found none; name a commit that records a run."
        )
    return read_record(content, f"{LOCK} of {commit[:7]}")


def read_record(content: bytes, name: str) -> Record:
    """Read a ``dvc.lock``.

    Args:
        content: of the file.
        name: what an error calls it.

    Raises:
        PipelineError: DVC did not write it, or an output is not within the repository.
    """
    try:
        stages = YAML(typ="safe", pure=True).load(content)["stages"]
        found = [Output.model_validate(out) for of in stages.values() for out in of.get("outs", [])]
    except (YAMLError, ValidationError, KeyError, TypeError, AttributeError) as error:
        what = " ".join(str(error).split())
        raise PipelineError(f"{name}: expected what DVC writes, found {what}.") from None
    for output in found:
        path = PurePosixPath(output.path)
        if path.is_absolute() or ".." in path.parts:
            raise PipelineError(f"{name}: expected outputs within it, found {output.path}.")
    return Record(frozenset(stages), {output.path: output for output in found})


def provenance(content: bytes | None) -> dict[str, Any]:
    """Read ``models/provenance.json``; empty where there is none."""
    try:
        found = json.loads(content or b"{}")
    except ValueError as error:
        raise PipelineError(f"{PROVENANCE}: expected JSON, found {error}.") from None
    return found if isinstance(found, dict) else {}


def check_in_git(folder: Path, commit: str, output: Output) -> None:
    """See that an output that a commit itself holds is the one that its ``dvc.lock`` records.

    Raises:
        DamagedError: it is another.
    """
    contents = contents_of(folder, commit, output.path)
    if contents and (found := measure(output.path, contents)).md5 != output.md5:
        raise DamagedError(f"{LOCK} records MD5 {output.md5}, the commit itself has {found.md5}")


def place(folder: Path, commit: str, output: Output, top: Path) -> Path:
    """Have a recorded output at its path below a folder: from Git, DVC's cache, or its remote.

    What comes from the remote goes to the cache, as by ``dvc fetch``.

    Returns:
        Where it is; files of the cache are linked to.

    Raises:
        PipelineError: its content is nowhere, or is not what the record says.
    """
    target = top / output.path
    contents = contents_of(folder, commit, output.path)
    for name, content in contents.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)
    if not contents:
        cache = Path(dvc(folder, "cache", "dir"))
        bring([output], cache, partial(remote.fetch, folder))
        _link(output, cache, target)
    return target


def _link(output: Output, cache: Path, target: Path) -> None:
    source = object_path(cache, output.md5)
    files = {"": source}
    if output.nfiles is not None:
        target.mkdir(parents=True)
        listed = entries(output.path, source.read_bytes())
        files = {entry.relpath: object_path(cache, entry.md5) for entry in listed}
    for name, content in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).symlink_to(content)
