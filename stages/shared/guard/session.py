"""Guard a stage that DVC has started, from its start to its end."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stages.shared.errors import UserError
from stages.shared.guard.declaration import Declaration, read_declaration
from stages.shared.guard.fingerprint import differences, take
from stages.shared.guard.inputs import check_inputs
from stages.shared.guard.parent import end_with_parent
from stages.shared.parts import remove_parts
from stages.shared.stage_lock import locked

# Most changed names in an error message.
_NAMED = 5

_sessions: list["Session"] = []


class ChangedError(UserError):
    """Something that the stage depends on has changed while it ran."""


class Session:
    """The state of a stage's dependencies at its start, and what to call if they stay unchanged."""

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
    """Guard the block, which runs a stage of the project in the working directory.

    The process ends when DVC dies. Only one process of a stage runs at a time. The inputs must
    match ``dvc.lock``. If anything that the stage depends on changes before the end, the stage
    fails and its outputs are removed, so that DVC records nothing. If DVC did not start the stage,
    it is neither recorded nor guarded.

    Raises:
        BusyError: another process of the stage is running.
        ChangedError: something has changed.
        DeclarationError: ``dvc.yaml`` cannot be followed.
        InputError: an input does not match ``dvc.lock``.
    """
    address = os.environ.get("DVC_STAGE")
    if address is None:
        yield
        return
    end_with_parent()
    declaration = read_declaration(address.rpartition(":")[2])
    with locked(declaration.stage):
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
    """Call the function at the end of the stage if none of its dependencies has changed.

    In a process that is not guarded, call it at once.
    """
    if _sessions:
        _sessions[-1].callbacks.append(callback)
    else:
        callback()


def check_unchanged() -> None:
    """Raise ``ChangedError`` if anything that the guarded stage depends on has changed."""
    for session in _sessions:
        session.check()


def _remove_leftovers(declaration: Declaration) -> None:
    """Remove temporary files of a killed process of this stage."""
    for output in map(Path, declaration.outputs):
        remove_parts(output)


def _remove_outputs(declaration: Declaration) -> None:
    for output in map(Path, declaration.outputs):
        if output.is_dir():
            shutil.rmtree(output)
        else:
            output.unlink(missing_ok=True)
