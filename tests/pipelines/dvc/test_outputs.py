from typing import Any

import pytest

from pipelines.dvc.outputs import Output, measure, outputs_of
from pipelines.errors import PipelineError

OUT = {"path": "a.txt", "hash": "md5", "md5": "d41d8cd98f00b204e9800998ecf8427e", "size": 0}


def test_an_empty_file_has_the_hash_that_md5sum_gives() -> None:
    assert measure("a.txt", {"": b""}) == Output.model_validate(OUT)


def test_outputs_are_listed_with_their_stages() -> None:
    lock = {"schema": "2.0", "stages": {"s": {"cmd": "c", "outs": [OUT]}, "t": {"cmd": "c"}}}
    assert outputs_of(lock, "dvc.lock") == [("s", Output.model_validate(OUT))]


@pytest.mark.parametrize(
    ("lock", "found"),
    [
        (None, "found no stages"),
        ([], "found no stages"),
        ({}, "found no stages"),
        ({"stages": None}, "found at stages: "),
        ({"stages": {"s": None}}, "found at stages.s: "),
        ({"stages": {"s": {"outs": None}}}, "found at stages.s.outs: "),
        ({"stages": {"s": {"outs": [{}]}}}, "found at stages.s.outs.0.path: "),
        ({"stages": {"s": {"outs": [OUT | {"md5": "../x"}]}}}, "found at stages.s.outs.0.md5: "),
        ({"stages": {"s": {"outs": [OUT | {"size": "0"}]}}}, "found at stages.s.outs.0.size: "),
        ({"stages": {"s": {"outs": [OUT | {"size": -1}]}}}, "found at stages.s.outs.0.size: "),
        ({"stages": {"s": {"outs": [OUT | {"path": ""}]}}}, "found at stages.s.outs.0.path: "),
        ({"stages": {"s": {"outs": [OUT | {"path": "../a"}]}}}, "found ../a; "),
        ({"stages": {"s": {"outs": [OUT | {"path": "/a"}]}}}, "found /a; "),
        ({"stages": {"s": {"outs": [OUT]}, "t": {"outs": [OUT]}}}, "each once, found a.txt; "),
    ],
)
def test_lock_that_dvc_did_not_write_is_rejected(lock: Any, found: str) -> None:
    with pytest.raises(PipelineError) as refused:
        outputs_of(lock, "dvc.lock")
    output = str(refused.value)
    assert output.startswith("dvc.lock: expected ")
    assert found in output
    assert output.endswith("restore it.")
