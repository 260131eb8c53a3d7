import time

import pytest

from pipelines.timing import Timing


def test_parts_add_up_in_the_order_of_their_beginnings() -> None:
    timing = Timing()
    for name in ("sleep", "nothing", "sleep"):
        with timing.part(name):
            time.sleep(0.02 if name == "sleep" else 0)
    assert list(timing.seconds) == ["sleep", "nothing"]
    assert timing.seconds["sleep"] >= 0.04 > timing.seconds["nothing"]


def test_part_that_fails_is_counted() -> None:
    timing = Timing()
    with pytest.raises(OSError, match="broken"), timing.part("fails"):
        raise OSError("broken")
    assert "fails" in timing.seconds
