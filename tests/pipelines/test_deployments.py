from pipelines.deployments import Deployment, read_deployments
from tests.pipelines.server import ROOT


def test_deployments_are_read_from_prefect_yaml() -> None:
    assert read_deployments(ROOT / "prefect.yaml") == [
        Deployment("run", "pipelines/flow.py:pipeline", "local"),
        Deployment("nightly", "pipelines/flow.py:pipeline", "local"),
        Deployment("on-arrival", "pipelines/flow.py:pipeline", "local"),
        Deployment("every-15-minutes", "pipelines/watch.py:watch", "local"),
        Deployment("gpu", "pipelines/work.py:work", "gpu"),
    ]
