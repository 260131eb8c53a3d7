"""Check whether DVC's repository, cache and remote can be used."""

import json
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

import httpx

from pipelines.checks import dvc_files
from pipelines.checks.result import CheckResult
from pipelines.checks.space import CACHE_NEED, free_space, nearest
from pipelines.system.process import TimedOutError, run

# Timeouts in seconds for a remote's response.
_TIMEOUT = 60
_HTTP_TIMEOUT = 10


def run_checks(folder: Path) -> Iterator[CheckResult]:
    """Check DVC in a folder, which may not be a DVC repository."""
    if (folder / ".dvc").is_dir():
        yield from (files := list(dvc_files.run_checks(folder)))
        if any(result.state != "ok" for result in files):
            return
    yield (found := pipeline(folder))
    if found.state != "ok":
        return
    yield from hard_links(folder)
    cache = folder / _dvc(folder, "cache", "dir")[1][-1]
    yield (found := writable(cache))
    if found.state == "ok":
        yield dvc_files.runs(cache)
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


def hard_links(folder: Path) -> Iterator[CheckResult]:
    """Check for what blocks DVC where core.hardlink_lock is set: a lock is held while it exists."""
    if _dvc(folder, "config", "core.hardlink_lock")[1][-1:] != ["true"]:
        return
    places = [folder / ".dvc" / "tmp" / name for name in ("lock", "rwlock.lock")]
    left = [place for place in places if place.exists()]
    if not left:
        yield CheckResult("DVC locks", "ok", "No command of DVC's holds a lock.")
        return
    # A held lock has a second link, which a killed command leaves too.
    held = any(place.stat().st_nlink > 1 for place in left)
    names = shlex.join(str(place.relative_to(folder)) for place in left)
    whose = (
        "held by a DVC command or left by a killed one"
        if held
        else "left by DVC's other kind of lock"
    )
    finding = f"Expected no lock, found {names}, {whose}."
    fix = f"rm {names}" + ("    # if no command of DVC's is running" if held else "")
    yield CheckResult("DVC locks", "warning" if held else "missing", finding, fix)


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
