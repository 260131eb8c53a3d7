"""Train on a worker that shares only remotes and a server with the caller, on real MNIST.

One machine acts as three: the caller and the worker have their own clones, caches and homes. The
overhead of training on the worker is measured, the weights are compared with those of a local
training, and eight tampered results are submitted.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import FlowRunSort

from benchmarks.clone import repro, repro_by_stage, timed, weights
from benchmarks.orchestration import server
from benchmarks.results import record
from benchmarks.tampering import TAMPERINGS, Answered
from pipelines import PROVENANCE
from pipelines.errors import PipelineError
from pipelines.server.process import pass_on
from pipelines.system.process import started
from pipelines.workers.accept import accept_result
from pipelines.workers.request import Request

ROOT = Path(__file__).parents[1]
HANDED_OFF = ("train", "retrain")
FLOW = "from pipelines.flows.pipeline import pipeline; import sys; " + (
    "sys.exit(not pipeline(train_on='pool', return_state=True).is_completed())"
)


def main() -> None:
    """Measure, print and save the figures."""
    with tempfile.TemporaryDirectory() as folder, server():
        root = Path(folder)
        run(root, "git", "clone", "--quiet", "--bare", str(ROOT), "origin.git")
        caller, home = (clone(root, name) for name in ("caller", "home"))
        with working(clone(root, "worker"), root / "home-of-worker"):
            timed([sys.executable, "-c", FLOW], caller)
        repro(home)
        with get_client(sync_client=True) as client:
            tables = tables_of(client)
            requests = {name: request_for(client, name) for name in HANDED_OFF}
        detour = detour_by_part(tables)
        refused = {
            name: refusal(root, name, requests["retrain"]) for name in ["nothing", *TAMPERINGS]
        }
        accepted = refused.pop("nothing") is None
        identical = all(weights(caller, name) == weights(home, name) for name in HANDED_OFF)
        provenance = (caller / PROVENANCE).read_text()
        status = json.loads(run(caller, "dvc", "status", "--json"))
        _, again = repro_by_stage(caller)

    print("\n".join(f"{row['stage']:13} {row['state']:9} {row['why']}" for row in tables["stages"]))
    print(provenance)
    print("\n".join(f"{seconds:7.1f} s  {part}" for part, seconds in detour.items()))
    print("\n".join(f"{name}: {said}" for name, said in refused.items()))
    print(f"weights as at home: {identical}\ndvc status: {status}")
    figures = {
        "detour_seconds": {part: round(seconds, 1) for part, seconds in detour.items()},
        "detour_seconds_in_all": round(sum(detour.values()), 1),
        "training_seconds": round(training_seconds(tables), 1),
        "stages": {row["stage"]: row["state"] for row in tables["stages"]},
        "stages_on_the_pool": [
            row["stage"] for row in tables["stages"] if key_of(row["stage"]) in tables
        ],
        "untampered_accepted": accepted,
        "tampered_tried": len(refused),
        "tampered_refused": sum(said is not None for said in refused.values()),
        "weights_identical": identical,
        "dvc_status_clean": not status,
        "stages_run_afterwards": len(again),
    }
    record("worker", figures)


def run(folder: Path, *command: str) -> str:
    """Run a command, which must succeed, and return its output."""
    done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def clone(root: Path, name: str) -> Path:
    """Clone the bare repository, and set a folder as DVC's remote."""
    run(root, "git", "clone", "--quiet", "origin.git", name)
    folder = root / name
    for arguments in (
        ("remote", "add", "--quiet", "--local", "--default", "store", "../store"),
        ("remote", "modify", "--local", "store", "verify", "true"),
    ):
        run(folder, "dvc", *arguments)
    return folder


@contextmanager
def working(folder: Path, home: Path) -> Iterator[None]:
    """Run a worker of the pool in its clone, with its own home."""
    home.mkdir()
    own = {"HOME": str(home), "PREFECT_HOME": str(home), "DVC_SITE_CACHE_DIR": str(home / "site")}
    command = ["env", *(f"{name}={value}" for name, value in own.items())]
    command += [sys.executable, "-m", "pipelines", "worker", "gpu"]
    with started(command, folder) as process:
        pass_on("worker", process, print)
        yield


def tables_of(client: SyncPrefectClient) -> Mapping[str, list[dict[str, str]]]:
    """Return the tables that the runs stored in Prefect, by key."""
    keys = ArtifactFilterKey(like_="%")
    found = client.read_artifacts(artifact_filter=ArtifactFilter(key=keys))
    return {
        str(artifact.key): json.loads(str(artifact.data))
        for artifact in found
        if artifact.type == "table"
    }


def request_for(client: SyncPrefectClient, stage: str) -> Request:
    """Return the request that the worker received for a stage."""
    runs = client.read_flow_runs(sort=FlowRunSort.START_TIME_ASC)
    (asked,) = (run for run in runs if run.name.startswith(f"{stage} at "))
    return Request.model_validate(asked.parameters["request"])


def key_of(stage: str) -> str:
    """Return the key of the table that a stage has only if a worker ran it."""
    return f"seconds-of-{stage.replace('_', '-')}-on-pool-gpu"


def seconds_of(table: list[dict[str, str]]) -> dict[str, float]:
    """Return the seconds in a Prefect table, by part."""
    return {row["part"]: float(row["seconds"]) for row in table}


def detour_by_part(tables: Mapping[str, list[dict[str, str]]]) -> dict[str, float]:
    """Return the seconds that both stages took besides running, by part."""
    parts: dict[str, float] = {}
    for stage in HANDED_OFF:
        here = seconds_of(tables[key_of(stage)])
        there = seconds_of(tables[f"seconds-of-work-on-{stage}"])
        here["begin and end the worker's run"] = here.pop("the worker's run") - sum(there.values())
        there.pop("run the stage")
        for part, seconds in (here | there).items():
            parts[part] = parts.get(part, 0) + seconds
    return parts


def training_seconds(tables: Mapping[str, list[dict[str, str]]]) -> float:
    """Return the seconds that both stages ran."""
    worked = (tables[f"seconds-of-work-on-{stage}"] for stage in HANDED_OFF)
    return sum(seconds_of(table)["run the stage"] for table in worked)


def refusal(root: Path, tampering: str, request: Request) -> str | None:
    """Have a caller accept a tampered result; return the reason for its refusal, or None.

    Raises:
        RuntimeError: a refused result has changed the caller's files.
    """
    scene = root / re.sub(r"\W", "-", tampering)
    scene.mkdir()
    for name in ("origin.git", "store"):
        shutil.copytree(root / name, scene / name)
    caller, worker = (clone(scene, name) for name in ("caller", "worker"))
    run(caller, "git", "fetch", "--quiet", "origin", f"refs/heads/{request.result}")
    run(caller, "git", "checkout", "--quiet", "--detach", request.commit)
    run(worker, "git", "checkout", "--quiet", "--detach", f"origin/{request.result}")
    if tampering in TAMPERINGS:
        TAMPERINGS[tampering](Answered(worker, scene / "store", request))
    try:
        accept_result(caller, request)
    except PipelineError as error:
        if changed := run(caller, "git", "status", "--porcelain"):
            raise RuntimeError(f"{tampering}: refused, and yet it has changed {changed}") from error
        return str(error)
    finally:
        shutil.rmtree(scene / "store")
    return None


if __name__ == "__main__":
    main()
