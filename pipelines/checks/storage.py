"""Check whether DVC's repository, cache and remote can be used."""

import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

import httpx

from pipelines.checks.result import Result
from pipelines.checks.space import CACHE_NEED, free_space, nearest
from pipelines.system.process import TimedOutError, run

# Timeouts in seconds for a remote's response.
_PATIENCE = 60
_HTTP_PATIENCE = 10


def examine(folder: Path) -> Iterator[Result]:
    """Check DVC in a folder, which may not be a DVC repository."""
    yield (found := pipeline(folder))
    if found.state != "ok":
        return
    cache = folder / _dvc(folder, "cache", "dir")[1][-1]
    yield (found := writable(cache))
    if found.state == "ok":
        yield free_space("DVC cache space", cache, CACHE_NEED, "dvc gc --all-commits")
    yield remote(folder)


def pipeline(folder: Path) -> Result:
    """Check that a folder is a DVC repository whose pipeline DVC can read."""
    version = metadata.version("dvc")
    code, lines = _dvc(folder, "stage", "list", "--name-only")
    if code:
        finding = f"Expected a pipeline that DVC {version} reads, found: {reason(lines)}"
        # The stash keeps the edits.
        return Result("DVC", "missing", finding, "git stash push -- .dvc dvc.yaml")
    return Result("DVC", "ok", f"{version}, which reads the pipeline's {len(lines)} stages.")


def writable(cache: Path) -> Result:
    """Check that DVC's cache can be written or created."""
    try:
        with tempfile.TemporaryFile(dir=nearest(cache)):
            return Result("DVC cache", "ok", f"{cache} can be written.")
    except OSError as error:
        finding = f"Expected {cache} to be writable, found: {error.strerror}."
        return Result("DVC cache", "missing", finding, "dvc cache dir --local FOLDER")


def remote(folder: Path, patience: float = _PATIENCE) -> Result:
    """Check that the default remote responds and has every output of the cache.

    Args:
        folder: of the DVC repository.
        patience: seconds to wait for the remote.
    """
    code, lines = _dvc(folder, "config", "core.remote")
    if code or not lines:
        finding = "None is set: results stay on this machine."
        fix = "dvc remote add --default storage FOLDER_OR_URL"
        return Result("DVC remote", "warning", finding, fix)
    name = lines[-1]
    fix = f"dvc remote modify {name} url FOLDER_OR_URL"
    _, lines = _dvc(folder, "config", f"remote.{name}.url")
    if lines and not _may_answer(lines[-1]):
        finding = f"Expected an answer of {name}, found no server at its address."
        return Result("DVC remote", "warning", finding, fix)
    try:
        code, lines = _dvc(folder, "status", "--cloud", "--json", timeout=patience)
    except TimedOutError:
        finding = f"Expected an answer of {name}, found none in {patience:g} s."
        return Result("DVC remote", "warning", finding, fix)
    if code:
        finding = f"Expected an answer of {name}, found: {reason(lines)}"
        return Result("DVC remote", "warning", finding, fix)
    absent = list(json.loads(lines[-1]).values()).count("new")
    if absent:
        finding = f"Outputs in the cache that {name} lacks: {absent}."
        return Result("DVC remote", "warning", finding, "dvc push")
    return Result("DVC remote", "ok", f"{name} has all that the cache has.")


def _may_answer(url: str) -> bool:
    """Return whether the server of an HTTP remote responds; DVC treats an absent one as empty."""
    if not url.startswith(("http://", "https://")):
        return True
    try:
        httpx.head(url, timeout=_HTTP_PATIENCE)
    except (httpx.TransportError, httpx.InvalidURL):
        return False
    return True


def _dvc(folder: Path, *arguments: str, timeout: float | None = None) -> tuple[int, Sequence[str]]:
    lines: list[str] = []
    code = run([sys.executable, "-m", "dvc", *arguments], folder, lines.append, timeout)
    return code, [line for line in lines if line]


def reason(lines: Sequence[str]) -> str:
    """Return DVC's error message without the password of an address."""
    errors = [line for line in lines if line.startswith("ERROR")] or lines or ["no reason given"]
    said = errors[0].removeprefix("ERROR: ")
    return re.sub(r"://\S*@", "://", said).rstrip(".") + "."
