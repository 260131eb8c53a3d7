"""Check that Prefect's server can be used; its client would fail with pages of traceback."""

import io
import os
import shutil
import sqlite3
from contextlib import closing, redirect_stderr
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from pipelines.errors import PipelineError

# Seconds to wait for the server's response.
_TIMEOUT = 5
# Bytes that a temporary server writes to its database.
_NEED = 10_000_000


def check_settings() -> None:
    """Check Prefect's settings, and the server that they name, or else the home of a temporary one.

    Raises:
        PipelineError: Prefect does not accept a setting, no server responds at PREFECT_API_URL, or
            the database in PREFECT_HOME cannot be used.
    """
    home = Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser()
    check_home(home)
    if url := server_url():
        check_address(url)
    else:
        check_database(home / "prefect.db")


def server_url() -> str | None:
    """Return PREFECT_API_URL from Prefect's settings, or ``None`` if it is not set.

    Raises:
        PipelineError: Prefect does not accept a setting.
    """
    try:
        # Prefect reads and checks its settings when it is imported, and prints what it rejects.
        with redirect_stderr(io.StringIO()):
            from prefect.settings import get_current_settings  # noqa: PLC0415

            return get_current_settings().api.url
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise PipelineError(
            f"expected valid settings in Prefect's variables and profile, found: {reason[:300]}; "
            "`env | grep PREFECT_` lists the variables."
        ) from None


def check_address(url: str) -> None:
    """Check that Prefect's server responds at an address; raise ``PipelineError`` if not."""
    if found := fault_at(url):
        raise PipelineError(
            f"expected Prefect's server at PREFECT_API_URL, found {found}; start one with "
            "`make serve`, or name another: export PREFECT_API_URL=http://127.0.0.1:4200/api."
        )


def fault_at(url: str) -> str | None:
    """Return what is found in place of Prefect's server, without passwords, or ``None``."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        return "no address of the form http://HOST:PORT/api"
    place = parts.netloc.rpartition("@")[2] + parts.path
    try:
        answer = httpx.get(f"{url.rstrip('/')}/health", timeout=_TIMEOUT)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        return f"no response from {place} ({type(error).__name__})"
    if answer.status_code != httpx.codes.OK:
        return f"HTTP status {answer.status_code} from {place}"
    if answer.text.strip() != "true":
        return f"a page at {place}, where an address of Prefect's server ends with /api"
    return None


def check_home(home: Path) -> None:
    """Check that Prefect can write to its folder; raise ``PipelineError`` if not."""
    existing = next(path for path in (home, *home.parents) if path.exists())
    finding = None
    if not existing.is_dir():
        finding = f"{existing} is not a folder"
    elif not os.access(existing, os.W_OK | os.X_OK):
        finding = f"{existing} cannot be written"
    elif (free := shutil.disk_usage(existing).free) < _NEED:
        finding = f"only {free} bytes are free there"
    if finding:
        raise PipelineError(
            f"expected PREFECT_HOME, {home}, to be a folder that Prefect can write to, found: "
            f"{finding}; choose another: export PREFECT_HOME=FOLDER."
        )


def check_database(database: Path) -> None:
    """Check that a database can be read; raise ``PipelineError`` if not."""
    if not database.exists():
        return
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=rw", uri=True)) as connection:
            # Reads the header and the schema, however large the database is.
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise PipelineError(
            f"expected {database} to be the database of Prefect's server, found: {error}; move it "
            f"away to start with an empty one: mv {database} {database}.old."
        ) from None
