import json
import re
import socket
import threading
from collections.abc import Callable

import pytest
import tensorflow as tf

from stages.model import machines
from stages.model.machines import VARIABLE, MachinesError

Set = Callable[[object], None]


@pytest.fixture
def set_variable(monkeypatch: pytest.MonkeyPatch) -> Set:
    return lambda value: monkeypatch.setenv(
        VARIABLE, value if isinstance(value, str) else json.dumps(value)
    )


def of_workers(*addresses: str, index: int = 0) -> dict[str, object]:
    return {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}


def test_the_chief_is_the_first_machine(set_variable: Set) -> None:
    jobs = {"chief": ["a:1"], "worker": ["b:2", "c:3"]}

    set_variable({"cluster": jobs, "task": {"type": "worker", "index": 1}})
    found = machines.machines()

    assert found is not None
    assert found.addresses == ("a:1", "b:2", "c:3")
    assert found.number == 2


@pytest.mark.parametrize("value", ["", " ", of_workers("a:1")], ids=["empty", "blank", "one"])
def test_a_machine_alone_joins_no_others(set_variable: Set, value: object) -> None:
    set_variable(value)

    machines.join()

    assert machines.machines() is None
    assert machines.joined() is None


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("{", "Invalid JSON"),
        ("[]", "found []"),
        ({"cluster": {"worker": ["a:1", "b:2"]}}, "task is missing"),
        (of_workers(), "cluster.worker"),
        (of_workers("a:1", "b:2", index=2), "expected an index below 2"),
        (of_workers("a:1", "b:2", index=-1), "task.index"),
        ({**of_workers("a:1"), "task": {"type": "ps", "index": 0}}, "task.type"),
        ({"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": 0}}, "cluster.ps is unknown"),
    ],
)
def test_a_variable_that_describes_no_machines_is_refused(
    set_variable: Set, value: object, fault: str
) -> None:
    set_variable(value)

    with pytest.raises(MachinesError, match=f"^{VARIABLE}: .*{re.escape(fault)}"):
        machines.join()


@pytest.mark.parametrize("address", ["a", "a:", ":1", "a:b"])
def test_an_address_without_host_or_port_is_refused(set_variable: Set, address: str) -> None:
    set_variable(of_workers(address, "127.0.0.1:1"))

    with pytest.raises(MachinesError, match=f"expected HOST:PORT, found {address}"):
        machines.join()


def test_a_machine_that_does_not_come_is_named(set_variable: Set) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    set_variable(of_workers(f"127.0.0.1:{port}", "127.0.0.1:1"))

    with pytest.raises(MachinesError, match=r"trains at 127\.0\.0\.1:1, found none within 0 s"):
        machines.join(patience=0.1)


def test_an_address_that_another_program_has_is_refused(set_variable: Set) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        set_variable(of_workers(f"127.0.0.1:{port}", "127.0.0.1:1"))

        with pytest.raises(MachinesError, match=f"free address 127.0.0.1:{port} .* in use"):
            machines.join(patience=0.1)


def test_machines_wait_for_each_other(set_variable: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as b:
        own, other = one.getsockname()[1], b.getsockname()[1]
    begun: list[object] = []
    monkeypatch.setattr(machines, "_joined", begun)
    monkeypatch.setattr(tf.distribute, "MultiWorkerMirroredStrategy", lambda: "a strategy")
    set_variable(of_workers(f"127.0.0.1:{own}", f"127.0.0.1:{other}"))
    first = threading.Thread(target=machines.join)
    first.start()
    first.join(timeout=0.5)
    assert first.is_alive()
    assert not begun

    with socket.create_server(("127.0.0.1", other)):
        first.join()

    assert begun == ["a strategy"]


def test_without_other_machines_all_devices_are_here() -> None:
    alone = tf.distribute.get_strategy()

    assert machines.is_first(alone)
    assert machines.number(alone) == 0
    assert machines.local_devices(alone) == 1
    assert machines.local_devices(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])) == 2


def test_an_error_that_no_machine_caused_stays_as_it_is() -> None:
    with pytest.raises(tf.errors.UnavailableError), machines.naming_a_loss():
        raise tf.errors.UnavailableError(None, None, "a device")
