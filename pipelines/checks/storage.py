"""Whether DVC's repository, its cache and its remote can be used."""

import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from pipelines.checks.result import Result
from pipelines.checks.space import CACHE_NEED, free_space, nearest
from pipelines.process import TimedOutError, run

# Seconds that a remote gets to answer.
_PATIENCE = 60


def examine(folder: Path) -> Iterator[Result]:
    """Check DVC in a folder, which may lack it."""
    code, lines = _dvc(folder, "cache", "dir")
    version = metadata.version("dvc")
    if code:
        finding = f"Expected a repository of DVC {version}, found: {_last(lines)}"
        yield Result("DVC", "missing", finding, "git restore .dvc")
        return
    yield Result("DVC", "ok", f"{version}, and the folder is a repository of it.")
    cache = folder / lines[-1]
    yield writable(cache)
    yield free_space("DVC cache space", cache, CACHE_NEED, "dvc gc --all-commits")
    yield remote(folder)


def writable(cache: Path) -> Result:
    """Check that DVC's cache can be written, or made."""
    try:
        with tempfile.TemporaryFile(dir=nearest(cache)):
            return Result("DVC cache", "ok", f"{cache} can be written.")
    except OSError as error:
        finding = f"Expected {cache} to be writable, found: {error.strerror}."
        return Result("DVC cache", "missing", finding, "dvc cache dir --local FOLDER")


def remote(folder: Path, patience: float = _PATIENCE) -> Result:
    """Check that the default remote answers, and has what the cache has.

    Args:
        folder: of the DVC repository.
        patience: seconds that it gets to answer.
    """
    code, lines = _dvc(folder, "config", "core.remote")
    if code or not lines:
        finding = "None is set: results stay on this machine."
        mend = "dvc remote add --default storage FOLDER_OR_URL"
        return Result("DVC remote", "warning", finding, mend)
    name = lines[-1]
    mend = f"dvc remote modify {name} url FOLDER_OR_URL"
    try:
        code, lines = _dvc(folder, "status", "--cloud", "--json", timeout=patience)
    except TimedOutError:
        finding = f"Expected an answer of {name}, found none in {patience:g} s."
        return Result("DVC remote", "warning", finding, mend)
    if code:
        finding = f"Expected an answer of {name}, found: {_last(lines)}"
        return Result("DVC remote", "warning", finding, mend)
    absent = list(json.loads(lines[-1]).values()).count("new")
    if absent:
        finding = f"Outputs in the cache that {name} lacks: {absent}."
        return Result("DVC remote", "warning", finding, "dvc push")
    return Result("DVC remote", "ok", f"{name} has all that the cache has.")


def _dvc(folder: Path, *arguments: str, timeout: float | None = None) -> tuple[int, Sequence[str]]:
    lines: list[str] = []
    code = run([sys.executable, "-m", "dvc", *arguments], folder, lines.append, timeout)
    return code, [line for line in lines if line]


def _last(lines: Sequence[str]) -> str:
    """Quote the error that DVC ended with, without the password of an address."""
    errors = [line for line in lines if line.startswith("ERROR")] or ["ERROR: no reason given"]
    said = errors[-1].removeprefix("ERROR: ").partition(" - ")[0]
    return re.sub(r"://[^/\s]*@", "://", said).rstrip(".") + "."
