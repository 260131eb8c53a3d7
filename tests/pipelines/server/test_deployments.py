from pipelines.server.deployments import Deployment, read_deployments
from tests.pipelines.prefect_server import ROOT


def test_deployments_are_read_from_prefect_yaml() -> None:
    assert read_deployments(ROOT / "prefect.yaml") == [
        Deployment("run", "pipelines/flows/pipeline.py:pipeline", "local"),
        Deployment("nightly", "pipelines/flows/pipeline.py:pipeline", "local"),
        Deployment("on-arrival", "pipelines/flows/pipeline.py:pipeline", "local"),
        Deployment("every-15-minutes", "pipelines/flows/watch.py:watch", "local"),
        Deployment("gpu", "pipelines/flows/worker.py:work", "gpu"),
    ]
