import signal
import time

import pytest

from stages.dataset.deadline import within


def test_a_block_that_takes_too_long_ends_with_the_error() -> None:
    began = time.monotonic()

    with pytest.raises(LookupError, match="late"), within(0.05, LookupError("late")):
        time.sleep(60)

    assert time.monotonic() - began < 50


def test_a_block_in_time_leaves_no_alarm() -> None:
    before = signal.getsignal(signal.SIGALRM)

    with within(60, LookupError("late")):
        pass

    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) == before
