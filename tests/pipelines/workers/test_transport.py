from typing import Any

import pytest

from pipelines.errors import PipelineError
from pipelines.workers.transport import receive
from tests.pipelines.repositories import run
from tests.pipelines.workers.scene import Scene


@pytest.mark.parametrize("options", [{}, {"check": True}])
def test_result_is_received_whatever_else_fetches(scene: Scene, options: dict[str, Any]) -> None:
    fetch_head = scene.caller / ".git" / "FETCH_HEAD"
    fetch_head.write_text("of an editor\n")

    received = receive(scene.caller, scene.request.result, **options)

    assert received == run(scene.root / "origin.git", "git", "rev-parse", scene.request.result)
    assert fetch_head.read_text() == "of an editor\n"
    assert not run(scene.caller, "git", "for-each-ref", "refs/received-*")


def test_missing_result_is_reported(scene: Scene) -> None:
    with pytest.raises(PipelineError, match="couldn't find remote ref"):
        receive(scene.caller, "runs/results/none", check=True)
