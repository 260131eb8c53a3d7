"""Score a trial in a worker of a Dask cluster.

The scheduler imports this module too, which therefore imports TensorFlow only when it is needed.
"""

import signal
from pathlib import Path
from typing import Any

from distributed import get_worker

from stages.search.trials import Study, Trial
from stages.shared.errors import UserError

_CODE = Path(__file__).parents[1]


def score_here(study: Study, trial: Trial, expected: str) -> dict[str, Any] | str:
    """Score a trial on a worker; return its fields, or the sentence of an error for a person."""
    name = f"the worker {get_worker().address}"
    if _code() != _STARTED_WITH:
        return (
            f"{name}: expected its code to stay as it was when it started, found it changed; start "
            "the worker again."
        )
    from stages.search.cross_validation import score  # noqa: PLC0415 - see above

    try:
        return score(study, trial, expected)._asdict()
    except UserError as error:
        return f"{name}: {error}"


def dask_setup(_: object) -> None:
    """Leave an interrupt from the keyboard to the search, which ends the workers of its machine.

    Dask calls this function when it starts a worker that loads this module first.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _code() -> dict[str, str]:
    return {str(path): path.read_text(encoding="utf-8") for path in _CODE.rglob("*.py")}


_STARTED_WITH = _code()
