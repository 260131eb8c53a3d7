"""Guard the run of a stage that DVC has started, from its first act to its last."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stages.errors import UserError
from stages.guard.alone import alone
from stages.guard.declaration import Declaration, read_declaration
from stages.guard.fingerprint import differences, take
from stages.guard.inputs import check_inputs
from stages.guard.parent import end_with_parent

# Of what has changed, how much a sentence names.
_NAMED = 5

_sessions: list["Session"] = []


class ChangedError(UserError):
    """Something that the stage depends on has changed while it ran."""


class Session:
    """What a stage found when it began, and what it does once that has proved unchanged."""

    def __init__(self, declaration: Declaration) -> None:
        self._declaration = declaration
        self._before = take(declaration)
        check_inputs(declaration, self._before)
        self.callbacks: list[Callable[[], object]] = []

    def check(self) -> None:
        """Raise ``ChangedError`` if anything that the stage depends on has changed."""
        after = take(self._declaration, self._before)
        if changed := differences(self._before, after):
            more = len(changed) - _NAMED
            named = ", ".join(changed[:_NAMED]) + (f" and {more} more" if more > 0 else "")
            raise ChangedError(
                "expected everything that the stage "
                f"{self._declaration.stage} depends on to stay as it was while it ran, found "
                f"changed: {named}; its result is not recorded: undo the change, or keep it, and "
                "run `dvc repro` again."
            )


@contextmanager
def guarded() -> Iterator[None]:
    """Guard the block, which runs a stage in the project at the working directory.

    The process ends when DVC dies. Only one process of a stage runs at a time. The inputs are those
    that ``dvc.lock`` records. If anything that the stage depends on is another at the end than at
    the beginning, its outputs are removed and it fails, so that DVC records nothing. A stage that
    is not started by DVC is not recorded, and not guarded.

    Raises:
        BusyError: another process of the stage is at work.
        ChangedError: something has changed.
        DeclarationError: ``dvc.yaml`` cannot be followed.
        InputError: an input is not what ``dvc.lock`` records.
    """
    address = os.environ.get("DVC_STAGE")
    if address is None:
        yield
        return
    end_with_parent()
    declaration = read_declaration(address.rpartition(":")[2])
    with alone(declaration.stage):
        _remove_leftovers(declaration)
        session = Session(declaration)
        _sessions.append(session)
        try:
            yield
            session.check()
        except ChangedError:
            _remove_outputs(declaration)
            raise
        finally:
            _sessions.remove(session)
        for callback in session.callbacks:
            callback()


def when_unchanged(callback: Callable[[], object]) -> None:
    """Call back at the end of the stage, if all that it depends on is as it was.

    At once in a process that is not guarded.
    """
    if _sessions:
        _sessions[-1].callbacks.append(callback)
    else:
        callback()


def check_unchanged() -> None:
    """Raise ``ChangedError`` if something that the guarded stage depends on has changed."""
    for session in _sessions:
        session.check()


def _remove_leftovers(declaration: Declaration) -> None:
    """Remove what a killed process of this stage was writing."""
    for output in map(Path, declaration.outputs):
        for leftover in output.parent.glob(f".{output.name}.*.part"):
            leftover.unlink()


def _remove_outputs(declaration: Declaration) -> None:
    for output in map(Path, declaration.outputs):
        if output.is_dir():
            shutil.rmtree(output)
        else:
            output.unlink(missing_ok=True)
