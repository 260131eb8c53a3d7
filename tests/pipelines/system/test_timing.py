import time

import pytest

from pipelines.system.timing import Timing


def test_parts_add_up_in_the_order_of_their_beginnings(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter([0.0, 2.0, 3.0, 3.5, 10.0, 14.0])
    timing = Timing()
    with monkeypatch.context() as clock:
        clock.setattr(time, "perf_counter", lambda: next(readings))
        for name in ("long", "short", "long"):
            with timing.part(name):
                pass
    assert list(timing.seconds.items()) == [("long", 6.0), ("short", 0.5)]


def test_part_that_fails_is_counted() -> None:
    timing = Timing()
    with pytest.raises(OSError, match="broken"), timing.part("fails"):
        raise OSError("broken")
    assert "fails" in timing.seconds
