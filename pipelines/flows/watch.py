"""The flow that watches for new data: a changed source of the data set is told as an event."""

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

from pipelines.errors import PipelineError
from pipelines.git.repository import Repository
from pipelines.system.helper import ask

# The variable of Prefect that holds the last states seen, by what is watched and by source.
_RECORD = "data_states"


class Look(BaseModel):
    """What ``stages.states`` prints."""

    dataset: str
    states: Mapping[str, str | None]
    """By source; none where it lacks some file of the data set."""


@flow(name="watch", flow_run_name="data at {ref}", persist_result=False)
def watch(ref: str = "main") -> State:
    """Look at the sources of the data set, and emit `pipeline.data.arrived` if there is news.

    News is a source that fetch would take the files from, and whose state is another than the one
    recorded. A source seen for the first time is recorded, and is no news.

    Args:
        ref: commit, branch or tag whose params.yaml names the data set and its sources.
    """
    try:
        look = look_at_sources(Repository(Path.cwd()), ref)
    except PipelineError as error:
        return Failed(message=str(error))
    watched = f"{look.dataset} at {ref}"
    record: dict[str, Any] = Variable.get(_RECORD, default={})
    before = record.get(watched, {})
    found = {source: state for source, state in look.states.items() if state}
    news = [source for source, state in found.items() if before.get(source, state) != state]
    # Before the record: what goes wrong between the two lets an event come twice, not never.
    for source in news:
        emit_arrival(look.dataset, source, ref)
    Variable.set(_RECORD, record | {watched: {**before, **look.states}}, overwrite=True)
    if news:
        return Completed(name="Arrived", message=f"new data in {', '.join(news)}")
    if found:
        return Completed(name="Unchanged", message=f"nothing new in {', '.join(found)}")
    return Completed(name="Absent", message=f"no source that answers has all files of {watched}")


def look_at_sources(repository: Repository, ref: str) -> Look:
    """Ask for the states of the sources that a commit's ``params.yaml`` names.

    A source that cannot be asked is logged, and has no state.

    Raises:
        PipelineError: there is no such commit, or its parameters are refused.
    """
    with tempfile.TemporaryDirectory() as folder:
        params = Path(folder, "params.yaml")
        params.write_text(repository.read("params.yaml", ref))
        # Folders among the sources are relative to the working copy, which shares its downloads.
        lines = ask("stages.states", "--params", str(params), folder=repository.folder)
    *passed_over, answer = lines
    for line in passed_over:
        get_run_logger().warning(line)
    try:
        return Look.model_validate_json(answer)
    except ValidationError:
        raise PipelineError(
            f"expected stages.states to print JSON, found: {answer[:200]}"
        ) from None


def emit_arrival(dataset: str, source: str, ref: str) -> None:
    """Emit the event; ``httpx.HTTPError`` when the server does not take it."""
    event = Event(
        event="pipeline.data.arrived",
        resource=Resource({"prefect.resource.id": f"pipeline.data.{dataset}"}),
        payload={"dataset": dataset, "source": source, "ref": ref},
    )
    # Prefect's own emit_event leaves it to the background, where a failure would go unseen.
    with get_client(sync_client=True) as client:
        client.request("POST", "/events", json=[event.model_dump(mode="json")])
