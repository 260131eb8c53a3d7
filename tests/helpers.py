"""What tests of several folders call."""

import contextlib
import hashlib
import io
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from pipelines.__main__ import main
from stages.shared.command import run

ROOT = Path(__file__).parents[1]

LONG = os.environ.get("FAULTS") == "all"
"""Whether `make faults` runs the tests, for which hours are not too long."""

PATIENCE = 300
"""Seconds to wait for anything: many times what it takes, since a machine may be busy."""


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def pipelines(folder: Path, *arguments: str) -> Done:
    """Run ``python -m pipelines`` in a folder, in this process."""
    with contextlib.chdir(folder):
        return _done(lambda: main(arguments))


def program(function: Callable[..., None], *arguments: object) -> Done:
    """Run a program of ``stages/tools`` in this process."""
    return _done(lambda: run(function, list(map(str, arguments))))


def _done(call: Callable[[], None]) -> Done:
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            call()
        except SystemExit as ended:
            code = ended.code
    assert isinstance(code, int)
    return Done(code, out.getvalue(), err.getvalue())


def pipelines_process(folder: Path, *arguments: str) -> Done:
    """Run ``python -m pipelines`` in a folder, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def md5(content: bytes) -> str:
    """Return the MD5 of bytes, by which DVC names them."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def flip_bit(path: Path) -> None:
    """Turn the last bit of a file, and leave its size, times and mode as they are."""
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(status.st_mode)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@contextlib.contextmanager
def memory_limit(more: int) -> Iterator[None]:
    """Let this process take so many bytes more than it has, while the block runs."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def is_gone(pid: int) -> bool:
    """Whether a process has ended; its parent may not have noticed yet."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def free_ports(count: int) -> list[int]:
    """Give different ports of loopback on which nothing listens."""
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [server.getsockname()[1] for server in servers]


def free_port() -> int:
    return free_ports(1)[0]


def wait_until(condition: Callable[[], Any], pause: float = 0.2) -> Any:
    """Give what the condition does once it is true; fail when it takes longer than PATIENCE."""
    begin = time.monotonic()
    while not (found := condition()):
        assert time.monotonic() - begin < PATIENCE, f"not within {PATIENCE} s"
        time.sleep(pause)
    return found
