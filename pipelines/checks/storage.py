"""Check whether DVC's repository, cache and remote can be used."""

import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

import httpx

from pipelines.checks.result import CheckResult
from pipelines.checks.space import CACHE_NEED, free_space, nearest
from pipelines.system.process import TimedOutError, run

# Timeouts in seconds for a remote's response.
_TIMEOUT = 60
_HTTP_TIMEOUT = 10


def run_checks(folder: Path) -> Iterator[CheckResult]:
    """Check DVC in a folder, which may not be a DVC repository."""
    yield (found := pipeline(folder))
    if found.state != "ok":
        return
    cache = folder / _dvc(folder, "cache", "dir")[1][-1]
    yield (found := writable(cache))
    if found.state == "ok":
        yield free_space("DVC cache space", cache, CACHE_NEED, "python -m pipelines gc --force")
    yield remote(folder)


def pipeline(folder: Path) -> CheckResult:
    """Check that a folder is a DVC repository whose pipeline DVC can read."""
    version = metadata.version("dvc")
    code, lines = _dvc(folder, "stage", "list", "--name-only")
    if code:
        finding = f"Expected DVC {version} to read the pipeline, found: {reason(lines)}"
        # The stash keeps the edits.
        return CheckResult("DVC", "missing", finding, "git stash push -- .dvc dvc.yaml")
    return CheckResult("DVC", "ok", f"{version}; the pipeline has {len(lines)} stages.")


def writable(cache: Path) -> CheckResult:
    """Check that DVC's cache can be written or created."""
    try:
        with tempfile.TemporaryFile(dir=nearest(cache)):
            return CheckResult("DVC cache", "ok", f"{cache} can be written.")
    except OSError as error:
        finding = f"Expected {cache} to be writable, found: {error.strerror}."
        return CheckResult("DVC cache", "missing", finding, "dvc cache dir --local FOLDER")


def remote(folder: Path, timeout: float = _TIMEOUT) -> CheckResult:
    """Check that the default remote responds and has every output of the cache.

    Args:
        folder: of the DVC repository.
        timeout: seconds to wait for the remote.
    """
    code, lines = _dvc(folder, "config", "core.remote")
    if code or not lines:
        finding = "No default remote is set; results stay on this machine."
        fix = "dvc remote add --default storage FOLDER_OR_URL"
        return CheckResult("DVC remote", "warning", finding, fix)
    name = lines[-1]
    fix = f"dvc remote modify {name} url FOLDER_OR_URL"
    _, lines = _dvc(folder, "config", f"remote.{name}.url")
    if lines and not _may_respond(lines[-1]):
        finding = f"Expected {name} to respond, found no server at its URL."
        return CheckResult("DVC remote", "warning", finding, fix)
    try:
        code, lines = _dvc(folder, "status", "--cloud", "--json", timeout=timeout)
    except TimedOutError:
        finding = f"Expected {name} to respond, found no response within {timeout:g} s."
        return CheckResult("DVC remote", "warning", finding, fix)
    if code:
        finding = f"Expected {name} to respond, found: {reason(lines)}"
        return CheckResult("DVC remote", "warning", finding, fix)
    absent = list(json.loads(lines[-1]).values()).count("new")
    if absent:
        finding = f"Expected {name} to have all outputs in the cache, found {absent} missing."
        return CheckResult("DVC remote", "warning", finding, "dvc push")
    return CheckResult("DVC remote", "ok", f"{name} has all outputs in the cache.")


def _may_respond(url: str) -> bool:
    """Return whether the server of an HTTP remote responds; DVC treats an absent one as empty."""
    if not url.startswith(("http://", "https://")):
        return True
    try:
        httpx.head(url, timeout=_HTTP_TIMEOUT)
    except (httpx.TransportError, httpx.InvalidURL):
        return False
    return True


def _dvc(folder: Path, *arguments: str, timeout: float | None = None) -> tuple[int, Sequence[str]]:
    lines: list[str] = []
    code = run([sys.executable, "-m", "dvc", *arguments], folder, lines.append, timeout)
    return code, [line for line in lines if line]


def reason(lines: Sequence[str]) -> str:
    """Return DVC's error message without the password of an address."""
    errors = (
        [line for line in lines if line.startswith("ERROR")] or lines or ["DVC printed no error"]
    )
    message = errors[0].removeprefix("ERROR: ")
    return re.sub(r"://\S*@", "://", message).rstrip(".") + "."
