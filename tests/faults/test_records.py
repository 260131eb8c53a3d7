"""Damaged records of a run, none of which may pass for another than was written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dvc.expected import Expected, same
from pipelines.dvc.lock_record import read_lock
from pipelines.errors import PipelineError
from pipelines.promotion.gate import parse
from pipelines.promotion.results import GATE_INPUTS, PREDICTIONS, Results
from pipelines.system.environment import Environment
from pipelines.workers.request import Request
from pipelines.workers.result import check_lock
from tests.damage import EXAMPLES, damaged, many_examples
from tests.pipelines.gate_inputs import Contents, read
from tests.reports import finished_reports  # noqa: F401 - a fixture

Record = Callable[[str, object], None]

PASSED = {
    "criterion": "test accuracy",
    "passed": True,
    "found": 0.95,
    "required": "at least 0.9",
}
FAILED = PASSED | {"criterion": "data checks", "passed": False, "found": ["image-count"]}
GATE_REPORT = json.dumps(
    {
        "passed": False,
        "stage": "production",
        "promoted": {"version": "v1.0.0", "commit": "a" * 40},
        "criteria": [PASSED, FAILED],
        "digests": {"reports/metrics.json": "b" * 64},
    },
    indent=2,
).encode()

RAW = {"path": "raw.txt", "hash": "md5", "md5": "a" * 32, "size": 4}
REQUEST = Request(
    stage="train",
    file="dvc.yaml",
    commit="a" * 40,
    branch="runs/requests/a",
    result="runs/results/a",
    environment=Environment(python="3.11", tensorflow=None),
    expected=Expected(
        cmd="python train.py",
        deps=(RAW,),
        params={"params.yaml": {"recipe": "fast", "epochs": 3}},
        inputs=("raw.txt",),
        outs={"model.txt": True, "reports/metrics.json": False},
        kinds={"reports/metrics.json": "file"},
    ),
)
FETCH = """schema: '2.0'
stages:
  fetch:
    cmd: sh fetch.sh
    outs:
    - path: raw.txt
      hash: md5
      md5: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
      size: 4
"""
TRAIN = """  train:
    cmd: python train.py
    deps:
    - path: raw.txt
      hash: md5
      md5: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
      size: 4
    params:
      params.yaml:
        epochs: 3
        recipe: fast
    outs:
    - path: model.txt
      hash: md5
      md5: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
      size: 11
    - path: reports/metrics.json
      hash: md5
      md5: cccccccccccccccccccccccccccccccc
      size: 20
"""


@pytest.fixture
def contents(finished_reports: Path) -> Contents:  # noqa: F811 - pytest gives the fixture
    """What a run writes, by path: answers of the nearest class mean to 200 images of MNIST."""
    return {
        path: (finished_reports.parent / path).read_bytes() for path in (*GATE_INPUTS, PREDICTIONS)
    }


def test_damaged_gate_report_never_passes(record_property: Record) -> None:
    refused = list[str]()
    assert not parse(GATE_REPORT, "here").passed

    @many_examples
    @given(damaged(GATE_REPORT, places=1))
    def read_report(damage: bytes) -> None:
        try:
            found = parse(damage, "here")
        except PipelineError as error:
            refused.append(str(error))
        else:
            # To pass, two values must change, each in its own place.
            assert not found.passed

    record_property("cases", EXAMPLES)
    read_report()
    assert all(sentence.isprintable() for sentence in refused)


def same_results(found: Results, valid: Results) -> bool:
    """Whether a gate would treat both alike, except for the rounding of a mean."""
    near = abs(found.calibration_error - valid.calibration_error) < 3e-6
    return near and valid == found._replace(
        calibration_error=valid.calibration_error, digests=valid.digests
    )


def check_damaged(contents: Contents, check: Callable[[Results], None]) -> None:
    """Damage each file, which is refused in one line, or read as what the check allows."""
    refused = dict[str, str]()

    @many_examples
    @given(st.data())
    def read_damaged(data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted(contents)))
        damage = data.draw(damaged(contents[path], places=1))
        try:
            found = read(contents | {path: damage})
        except PipelineError as error:
            refused[path] = str(error)
        else:
            check(found)

    read_damaged()
    assert refused.keys() == contents.keys()
    assert all(sentence.isprintable() for sentence in refused.values())


def test_damaged_results_are_rejected_or_change_no_gate_report(
    contents: Contents, record_property: Record
) -> None:
    valid = read(contents)

    def check(found: Results) -> None:
        assert same_results(found, valid)

    record_property("cases", EXAMPLES)
    check_damaged(contents, check)


def test_damaged_results_are_found_without_predictions(
    contents: Contents, record_property: Record
) -> None:
    del contents[PREDICTIONS]
    valid = read(contents)

    def check(found: Results) -> None:
        # The files in Git show how many images of each class are wrong, but not which ones.
        assert len(found.errors) == len(valid.errors)
        assert same_results(found._replace(errors=valid.errors), valid)

    record_property("cases", EXAMPLES)
    check_damaged(contents, check)


def without_hashes(lock: Any) -> Any:
    """The content of a lock without what is compared with the outputs themselves."""
    for out in lock["stages"]["train"]["outs"]:
        del out["md5"], out["size"]
        out.pop("nfiles", None)
    return lock


def test_damaged_record_of_a_worker_is_rejected_or_as_requested(record_property: Record) -> None:
    honest, refused = (FETCH + TRAIN).encode(), list[str]()
    before = read_lock(FETCH.encode(), "dvc.lock")
    check_lock(REQUEST, before, read_lock(honest, "dvc.lock"))

    @many_examples
    @given(damaged(honest))
    def accept(damage: bytes) -> None:
        try:
            found = read_lock(damage, "dvc.lock")
            outputs = check_lock(REQUEST, before, found)
        except PipelineError as error:
            refused.append(str(error))
        else:
            assert [output.path for output in outputs] == [*REQUEST.expected.outs]
            expected = read_lock(honest, "dvc.lock")
            assert same(without_hashes(found), without_hashes(expected))

    record_property("cases", EXAMPLES)
    accept()
    assert all(sentence.isprintable() for sentence in refused)
    assert len(refused) > EXAMPLES // 10
