"""Programs in forks of a process that has imported what they use.

To import TensorFlow takes longer than most of what tests have a stage do.
"""

import multiprocessing
import os
import resource
import runpy
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

STAGES = ("train", "evaluate", "export", "handwriting", "report", "ingest", "fetch")

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(
    ["pipelines.flows.pipeline", "pipelines.flows.worker", *(f"stages.{name}" for name in STAGES)]
)


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
) -> Ended:
    """Run ``python -m module`` in a folder, and give what it prints to both of its streams.

    ``largest_file`` is the number of bytes that it can write to a file, as if the disk were full.
    """
    reader, writer = processes.Pipe(duplex=False)
    process = processes.Process(
        target=_run, args=(writer, folder, environment, module, arguments, largest_file)
    )
    process.start()
    writer.close()
    with open(reader.fileno(), closefd=False) as output:
        printed = output.read()
    process.join()
    assert process.exitcode is not None
    return Ended(process.exitcode, printed)


def _run(
    output: Connection,
    folder: Path,
    environment: Mapping[str, str],
    module: str,
    arguments: tuple[str, ...],
    largest_file: int | None,
) -> None:
    for descriptor in (1, 2):
        os.dup2(output.fileno(), descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    # It remembers TMPDIR as it was at the import.
    tempfile.tempdir = None
    if largest_file is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, hard))
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)
