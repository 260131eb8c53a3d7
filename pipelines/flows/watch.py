"""Define the flow that watches the sources of the data set and emits an event when one changes."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.events import Event, Resource
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed
from prefect.variables import Variable
from pydantic import BaseModel, ValidationError

from pipelines.errors import PipelineError, explaining
from pipelines.git.repository import Repository
from pipelines.system.helper import ask

# The Prefect variable with the last known states, by data set and ref, then by source.
_RECORD = "data_states"


class SourceStates(BaseModel):
    """The output of ``stages.tools.states``."""

    dataset: str
    states: Mapping[str, str | None]
    """By source; ``None`` if the source lacks a file of the data set."""


@flow(name="watch", flow_run_name="data at {ref}", persist_result=False)
def watch(ref: str = "main") -> State:
    """Check the sources of the data set, and emit `pipeline.data.arrived` for each changed one.

    A source has changed if fetch could take the files from it and its state differs from the
    recorded one. The first state of a source is recorded without an event.

    Args:
        ref: commit, branch or tag whose params.yaml names the data set and its sources.
    """
    try:
        with explaining():
            current = read_source_states(Repository(Path.cwd()), ref)
    except PipelineError as error:
        return Failed(message=str(error))
    watched = f"{current.dataset} at {ref}"
    record: dict[str, Any] = Variable.get(_RECORD, default={})
    before = record.get(watched, {})
    found = {source: state for source, state in current.states.items() if state}
    news = [source for source, state in found.items() if before.get(source, state) != state]
    # Emit before recording: after a failure between the two, an event is repeated rather than lost.
    for source in news:
        emit_arrival(current.dataset, source, ref)
    Variable.set(_RECORD, record | {watched: {**before, **current.states}}, overwrite=True)
    if news:
        return Completed(name="Arrived", message=f"new data in {', '.join(news)}")
    if found:
        return Completed(name="Unchanged", message=f"nothing new in {', '.join(found)}")
    return Completed(name="Absent", message=f"no reachable source has all files of {watched}")


def read_source_states(repository: Repository, ref: str) -> SourceStates:
    """Return the states of the sources that a commit's ``params.yaml`` names.

    A source that cannot be reached is logged, and has no state.

    Raises:
        PipelineError: there is no such commit, or its parameters are invalid.
    """
    with tempfile.TemporaryDirectory() as folder:
        params = Path(folder, "params.yaml")
        params.write_text(repository.read("params.yaml", ref))
        # Folders among the sources are relative to the working copy, where the downloads are.
        lines = ask("stages.tools.states", "--params", str(params), folder=repository.folder)
    *warnings, answer = lines
    for line in warnings:
        get_run_logger().warning(line)
    try:
        return SourceStates.model_validate_json(answer)
    except ValidationError:
        raise PipelineError(
            f"expected stages.tools.states to print JSON, found: {answer[:200]}"
        ) from None


def emit_arrival(dataset: str, source: str, ref: str) -> None:
    """Emit the event; raise ``httpx.HTTPError`` if the server does not accept it."""
    event = Event(
        event="pipeline.data.arrived",
        resource=Resource({"prefect.resource.id": f"pipeline.data.{dataset}"}),
        payload={"dataset": dataset, "source": source, "ref": ref},
    )
    # Prefect's emit_event sends events in the background, where a failure would go unnoticed.
    with get_client(sync_client=True) as client:
        client.request("POST", "/events", json=[event.model_dump(mode="json")])
