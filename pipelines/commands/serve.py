"""Run Prefect on this machine."""

import os
from contextlib import ExitStack
from typing import Annotated

import typer

from pipelines import PROJECT
from pipelines.server.reach import check_database, check_home


def main(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port on the loopback interface.")
    ] = 4200,
) -> None:
    """Run Prefect until Ctrl-C: server, UI, deployments, schedules and a worker.

    Example: python -m pipelines serve --port 4201
    """
    check_home(PROJECT / ".prefect")
    check_database(PROJECT / ".prefect" / "prefect.db")
    # These modules read Prefect's settings on import, which takes a second.
    from pipelines.server.process import interrupt_by_either_signal  # noqa: PLC0415
    from pipelines.server.server import environment, only_server, serve  # noqa: PLC0415

    interrupt_by_either_signal()
    os.environ.update(environment(port))
    try:
        with ExitStack() as stack:
            lock_fd = stack.enter_context(only_server(port, typer.echo))
            serve(stack, port, lock_fd, typer.echo)
    except KeyboardInterrupt:
        typer.echo("stopped the server and the worker")
