"""Programs in forks of a process that has imported what they use.

To import TensorFlow takes longer than most of what tests have a stage do.
"""

import ctypes
import multiprocessing
import os
import resource
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import psutil

from tests.helpers import wait_until

_FLOWS = ["pipelines.flows.pipeline", "pipelines.flows.worker"]
# Those whose imports take long.
_STAGES = [
    f"stages.{name}"
    for name in ("train", "evaluate", "export", "handwriting", "report", "ingest", "fetch")
]

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(_FLOWS)


def import_stages_too() -> None:
    """Have the process that is forked import the stages; call this before the first fork."""
    processes.set_forkserver_preload([*_FLOWS, *_STAGES])


class Ended(NamedTuple):
    """How a program ended."""

    code: int
    output: str


def run_module(
    folder: Path,
    environment: Mapping[str, str],
    module: str,
    *arguments: str,
    largest_file: int | None = None,
    tracer: Sequence[str] = (),
) -> Ended:
    """Run ``python -m module`` in a folder, and give what it prints to both of its streams.

    ``largest_file`` is the number of bytes that it can write to a file, as if the disk were full.
    ``tracer`` is a command that traces a process from its start to its end, without its number.
    """
    reader, writer = processes.Pipe(duplex=False)
    program = Program(module, arguments, folder, environment, largest_file, waits=bool(tracer))
    process = processes.Process(target=_run, args=(writer, program))
    process.start()
    writer.close()
    with traced(process.pid, tracer), open(reader.fileno(), closefd=False) as output:
        printed = output.read()
    process.join()
    assert process.exitcode is not None
    return Ended(process.exitcode, printed)


@contextmanager
def traced(pid: int | None, tracer: Sequence[str]) -> Iterator[None]:
    """Start a tracer of a process that waits for it."""
    if not tracer:
        yield
        return
    process = psutil.Process(pid)
    wait_until(lambda: process.status() == psutil.STATUS_STOPPED, pause=0.01)
    with subprocess.Popen([*tracer, str(pid)]) as running:
        status = Path(f"/proc/{pid}/status")
        wait_until(lambda: f"TracerPid:\t{running.pid}\n" in status.read_text(), pause=0.01)
        process.resume()
        yield


class Program(NamedTuple):
    """What a fork runs."""

    module: str
    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    largest_file: int | None
    waits: bool
    """Whether it stops at its start, for a tracer."""


def _let_itself_be_traced() -> None:
    """Let other processes of this user trace this one, also where the kernel allows only parents.

    See ``PR_SET_PTRACER`` in prctl(2); a kernel without that restriction refuses the call.
    """
    ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1))


def _run(output: Connection, program: Program) -> None:
    for descriptor in (1, 2):
        os.dup2(output.fileno(), descriptor)
    output.close()
    os.chdir(program.folder)
    os.environ.clear()
    os.environ.update(program.environment)
    # It remembers TMPDIR as it was at the import.
    tempfile.tempdir = None
    sys.argv[1:] = program.arguments
    if program.largest_file is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (program.largest_file, hard))
    if program.waits:
        _let_itself_be_traced()
        os.kill(os.getpid(), signal.SIGSTOP)
    runpy.run_module(program.module, run_name="__main__", alter_sys=True)
