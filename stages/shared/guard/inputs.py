"""Check that a stage's inputs match what ``dvc.lock`` records as outputs of other stages.

DVC trusts a read-only object in its cache, and so checks out a damaged one.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from stages.shared.errors import UserError
from stages.shared.guard.declaration import PIPELINES, Declaration, DeclarationError, read_yaml
from stages.shared.guard.fingerprint import Fingerprint, recorded_hash


class InputError(UserError):
    """An input of a stage does not match ``dvc.lock``."""


class Record(NamedTuple):
    """The record of an output in ``dvc.lock``."""

    path: str
    stage: str
    md5: str


def check_inputs(declaration: Declaration, fingerprint: Fingerprint) -> None:
    """Compare a stage's inputs with their records in ``dvc.lock``.

    Files that a user puts into a persistent output have no record to compare.

    Raises:
        InputError: an input differs, or a ``dvc.lock`` cannot be read.
    """
    inputs = set(declaration.dependencies) - set(declaration.owned_by_people)
    for record in _records():
        if record.path not in inputs:
            continue
        found = recorded_hash(fingerprint, record.path)
        if found != record.md5:
            raise InputError(
                f"{record.path}: expected MD5 {record.md5}, which dvc.lock records of the stage "
                f"{record.stage}, found {found}; run `make repro`, which replaces what is damaged."
            )


def _records() -> Iterator[Record]:
    for pattern in PIPELINES:
        for path in sorted(Path().glob(pattern.replace(".yaml", ".lock"))):
            try:
                content = read_yaml(path)
                for stage, record in content.get("stages", {}).items():
                    for out in record.get("outs", []):
                        yield Record(out["path"], stage, str(out.get("md5")))
            except (DeclarationError, AttributeError, KeyError, TypeError) as error:
                reason = " ".join(str(error).split())
                raise InputError(
                    f"{path}: expected what DVC writes, found: {reason}; restore it from Git: "
                    f"git checkout -- {path}."
                ) from None
