import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from pipelines.server import server


def test_server_is_asked_again_only_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Iterator[httpx.Response | Exception] = iter(
        [httpx.Response(503), httpx.ConnectError("away"), httpx.Response(200)]
    )
    pauses: list[float] = []

    def get(*_: object, **__: object) -> httpx.Response:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(httpx, "get", get)
    monkeypatch.setattr(time, "sleep", pauses.append)
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True
    ) as process:
        server.wait_for_server("http://127.0.0.1:1/api", process)
        process.kill()

    assert len(pauses) == 2
