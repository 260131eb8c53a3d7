"""Run a worker."""

import os
from typing import Annotated

import typer

from pipelines import PROJECT
from pipelines.server.reach import check_settings


def main(
    pool: Annotated[
        str, typer.Argument(help="A work pool, named in a stage's meta in dvc.yaml.")
    ] = "gpu",
    cache_gigabytes: Annotated[
        float,
        typer.Option(min=0.1, help="Size limit of DVC's cache."),
    ] = 20,
) -> None:
    """Run the stages that are submitted to a pool, one at a time, until Ctrl-C.

    Example: python -m pipelines worker gpu --cache-gigabytes 50
    """
    check_settings()
    # These modules read Prefect's settings on import, which takes a second.
    from pipelines.checks.worker import check_reachable  # noqa: PLC0415
    from pipelines.dvc.cache_limit import BUDGET  # noqa: PLC0415
    from pipelines.server.process import CLONE, interrupt_by_either_signal  # noqa: PLC0415
    from pipelines.server.worker import only_worker, prepare, work  # noqa: PLC0415

    interrupt_by_either_signal()
    try:
        check_reachable(PROJECT)
        with only_worker(pool, typer.echo) as lock_fd:
            prepare(pool)
            os.environ |= {CLONE: str(PROJECT), BUDGET: str(cache_gigabytes)}
            typer.echo(f"started a worker for pool {pool} (Ctrl-C stops it)")
            work(pool, ["--limit", "1"], lambda: False, typer.echo, locks=[lock_fd])
    except KeyboardInterrupt:
        typer.echo("stopped the worker")
