"""Train on several machines together, which TensorFlow's variable ``TF_CONFIG`` names."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

import tensorflow as tf
from pydantic import Field, ValidationError

from stages.shared.errors import UserError
from stages.shared.section import Part, Section
from stages.shared.validation import sentences

VARIABLE = "TF_CONFIG"
"""TensorFlow's own name for the description of the machines."""
# Seconds to wait until every machine has started its training.
_PATIENCE = 600
_EXAMPLE = (
    '{"cluster": {"worker": ["HOST:PORT", "HOST:PORT"]}, "task": {"type": "worker", "index": 0}}'
)
# One for a process, which can join only once.
_joined: list[tf.distribute.Strategy] = []


class MachinesError(UserError):
    """The machines cannot train together."""


class _Jobs(Section):
    chief: tuple[str, ...] = Field((), max_length=1)
    worker: tuple[str, ...] = Field(min_length=1)


class _Task(Section):
    type: Literal["chief", "worker"]
    index: int = Field(ge=0)


class Machines(Part):
    """The machines that train together, as ``TF_CONFIG`` describes them."""

    cluster: _Jobs
    task: _Task

    @property
    def addresses(self) -> tuple[str, ...]:
        """``HOST:PORT`` of every machine, the first of which writes the results."""
        return self.cluster.chief + self.cluster.worker

    @property
    def number(self) -> int:
        """The position of this machine."""
        before = len(self.cluster.chief) if self.task.type == "worker" else 0
        return before + self.task.index


def machines() -> Machines | None:
    """Return the machines of ``TF_CONFIG``; None if this one trains alone.

    Raises:
        MachinesError: the variable cannot be understood.
    """
    text = os.environ.get(VARIABLE, "")
    if not text.strip():
        return None
    try:
        found = Machines.model_validate_json(text)
    except ValidationError as error:
        raise MachinesError(
            f"{VARIABLE}: expected a value such as {_EXAMPLE}, found: {sentences(error)}; correct "
            "it, or unset it to train on this machine alone."
        ) from None
    if found.number >= len(found.addresses):
        raise MachinesError(
            f"{VARIABLE}: expected an index below {len(found.addresses)}, the number of machines, "
            f"found {found.number}; correct it."
        )
    return found if len(found.addresses) > 1 else None


def join(patience: float = _PATIENCE) -> None:
    """Wait for the other machines of ``TF_CONFIG``, if it is set, and connect to them.

    Call this before any computation.

    Raises:
        MachinesError: a machine has not started within the patience, in seconds, or the variable
            cannot be understood.
    """
    found = machines()
    if found and not _joined:
        _wait_for(found, patience)
        _joined.append(tf.distribute.MultiWorkerMirroredStrategy())


def joined() -> tf.distribute.Strategy | None:
    """Return the strategy of the machines that this one has joined, if any."""
    return _joined[0] if _joined else None


def is_first(strategy: tf.distribute.Strategy) -> bool:
    """Return whether this machine writes the results: the only one, or the first of several."""
    return bool(strategy.extended.should_checkpoint)


def number(strategy: tf.distribute.Strategy) -> int:
    """Return the position of this machine among those of a strategy."""
    found = machines() if strategy is joined() else None
    return found.number if found else 0


def local_devices(strategy: tf.distribute.Strategy) -> int:
    """Return the number of this machine's devices, of which every machine has as many."""
    found = machines() if strategy is joined() else None
    devices: int = strategy.num_replicas_in_sync
    return devices // (len(found.addresses) if found else 1)


@contextmanager
def naming_a_loss() -> Iterator[None]:
    """Report that another machine has gone, in place of TensorFlow's error."""
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError) as error:
        if not _joined:
            raise
        raise MachinesError(
            "expected every machine to train to the end, found that one has gone or cannot be "
            "reached; start the training on each of them again: it continues after its last epoch."
        ) from error


def wait_for_all(strategy: tf.distribute.Strategy) -> None:
    """Wait until every machine calls this."""

    def meet() -> None:
        replica = tf.distribute.get_replica_context()
        replica.all_reduce(tf.distribute.ReduceOp.SUM, tf.constant(1))

    if _joined:
        tf.function(lambda: strategy.run(meet), autograph=False)()


def copy_from_first(strategy: tf.distribute.Strategy, variables: list[tf.Variable]) -> None:
    """Give variables the values that they have on the first machine; all machines must call it."""

    def copy() -> None:
        replica = tf.distribute.get_replica_context()
        first = replica.replica_id_in_sync_group == 0
        for variable in variables:
            value = tf.where(first, variable, tf.zeros_like(variable))
            together = replica.all_reduce(tf.distribute.ReduceOp.SUM, value)
            tf.raw_ops.AssignVariableOp(resource=variable.handle, value=together)

    tf.function(lambda: strategy.run(copy), autograph=False)()


def _wait_for(found: Machines, patience: float) -> None:
    """Wait until every machine listens, since TensorFlow would wait for hours.

    Until then, this machine listens itself, at the address that TensorFlow will take.
    """
    host, port = _split(found.addresses[found.number])
    deadline = time.monotonic() + patience
    with _listening(host, port):
        for address in found.addresses:
            while not _answers(*_split(address)):
                if time.monotonic() > deadline:
                    raise MachinesError(
                        f"{VARIABLE}: expected a machine that trains at {address}, found none "
                        f"within {patience:.0f} s; start the same training there."
                    )
                time.sleep(0.2)


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise MachinesError(
            f"{VARIABLE}: expected the free address {host}:{port} on this machine, found: "
            f"{error.strerror}; choose another port, or correct the index."
        ) from None


def _answers(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal()):
        raise MachinesError(
            f"{VARIABLE}: expected HOST:PORT, found {address}; correct it, or unset the variable."
        )
    return host.strip("[]"), int(port)
