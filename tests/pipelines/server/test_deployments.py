import sys
from importlib.metadata import packages_distributions

from pipelines.server.deployments import Deployment, read_deployments
from tests.helpers import ROOT


def test_deployments_are_read_from_prefect_yaml() -> None:
    assert read_deployments(ROOT / "prefect.yaml") == [
        Deployment("run", "pipelines/flows/pipeline.py:pipeline", "local"),
        Deployment("nightly", "pipelines/flows/pipeline.py:pipeline", "local"),
        Deployment("on-arrival", "pipelines/flows/pipeline.py:pipeline", "local"),
        Deployment("every-15-minutes", "pipelines/flows/watch.py:watch", "local"),
        Deployment("gpu", "pipelines/flows/worker.py:work", "gpu"),
    ]


def test_flow_modules_do_not_shadow_installed_packages() -> None:
    """Prefect puts the folder of a flow's file first on the path when it loads the flow."""
    names = {path.stem for path in (ROOT / "pipelines" / "flows").glob("[a-z]*.py")}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert names & {*packages, *sys.stdlib_module_names, *packages_distributions()} == set()
