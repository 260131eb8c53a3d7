"""Notifications from a real server to a receiver on loopback."""

import http.server
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.blocks.system import Secret
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import SecretStr

from tests.helpers import ROOT, Done, pipelines, wait_until
from tests.pipelines.prefect_server import Prefect
from tests.pipelines.runs import FlowRun
from tests.web import serving

pytestmark = pytest.mark.slow

Start = Callable[..., FlowRun]
Messages = list[dict[str, str]]


@pytest.fixture(scope="module", autouse=True)
def client(prefect: Prefect) -> Iterator[None]:
    """Have this process ask the server."""
    with temporary_settings({PREFECT_API_URL: prefect.url}):
        yield


@pytest.fixture
def messages() -> Iterator[tuple[str, Messages]]:
    """The address of a receiver of webhooks, and what it has received."""
    received: Messages = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

    with serving(Receiver) as server:
        yield f"http://127.0.0.1:{server.server_port}/", received


def make_blocks(address: str) -> None:
    block = CustomWebhookNotificationBlock(
        name="alerts",
        url=address,
        json_data={"subject": "{{subject}}", "body": "{{body}}"},
        headers={},
        cookies={},
    )
    block.save("alerts", overwrite=True)
    Secret(value=SecretStr("hidden")).save("secret", overwrite=True)


def notify(block: str) -> Done:
    return pipelines(ROOT, "notify", block)


def test_failure_and_accuracy_drop_send_notifications_but_a_good_run_does_not(
    prefect: Prefect, messages: tuple[str, Messages], start: Start, set_params: Callable[..., None]
) -> None:
    address, received = messages
    make_blocks(address)
    for _ in range(2):
        done = notify("custom-webhook/alerts")
        assert done.out == (
            "Notify of failed runs: through custom-webhook/alerts\n"
            "Notify of accuracy drops: through custom-webhook/alerts\n"
            "Notify of blocked promotions: through custom-webhook/alerts\n"
        )
    names = prefect.automations()
    assert [
        names.count(f"Notify of {what}")
        for what in ("failed runs", "accuracy drops", "blocked promotions")
    ] == [1] * 3

    start().end()
    set_params(epochs=1)
    fallen, _, _ = start().end()
    wait_until(lambda: received)
    set_params(fail=True)
    failed, _, message = start().end()
    wait_until(lambda: received[-1]["subject"].endswith(" failed"))

    page = prefect.url.removesuffix("/api") + "/runs/flow-run/"
    # Prefect tries again, up to three times, when anything fails after a message was sent.
    once = [message for message, _ in itertools.groupby(received)]
    assert once == [
        {
            "subject": "pipeline: 'fast at working copy' has a lower accuracy",
            "body": f"test.accuracy: 0.2 before, 0.1 now\n{page}{fallen}",
        },
        {
            "subject": "pipeline: 'fast at working copy' failed",
            "body": f"{message}\n{page}{failed}",
        },
    ]


def test_blocked_promotion_sends_a_notification(
    prefect: Prefect, messages: tuple[str, Messages], gated: Path
) -> None:
    address, received = messages
    make_blocks(address)
    assert notify("custom-webhook/alerts").code == 0

    ref = {"ref": "main", "promote": True, "set_param": ["wrong=150"]}
    identity, name, message = FlowRun(prefect, gated, **ref).end()
    assert (name, "nothing is promoted" in message) == ("Blocked", True)

    notification = wait_until(lambda: received)[0]
    assert notification["subject"] == "pipeline: 'fast at main' is not promoted"
    assert notification["body"].startswith("runs/fast-")
    assert (
        "test accuracy: found 0.85, required at least 0.9; recall of each class: "
        in notification["body"]
    )
    assert notification["body"].endswith(f"/runs/flow-run/{identity}")


@pytest.mark.parametrize("block", ["alerts", "slack-webhook/none", "secret/secret"])
def test_block_that_cannot_notify_is_rejected_in_one_sentence(
    messages: tuple[str, Messages], block: str
) -> None:
    address, _ = messages
    make_blocks(address)
    done = notify(block)
    assert done.code == 1
    assert done.err.startswith("error: expected a ")
    assert f"found {block}; " in done.err
