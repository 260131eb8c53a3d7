import json
from collections.abc import Callable
from typing import Any

import pytest

from pipelines.errors import PipelineError
from pipelines.promotion.gate import GateReport, Promoted, RecordedResult, criteria_of, parse
from tests.helpers import ROOT

CRITERION = {
    "criterion": "test accuracy",
    "passed": True,
    "found": 0.95,
    "required": "at least 0.9",
}
REPORT: dict[str, Any] = {
    "passed": True,
    "stage": "production",
    "promoted": {"version": "v1.0.0", "commit": "a" * 40},
    "criteria": [
        CRITERION,
        CRITERION | {"criterion": "data checks", "found": ["image-count"]},
        CRITERION
        | {"criterion": "fall below the promoted", "found": {"new_errors": 3, "fall": 0.001}},
    ],
    "digests": {"reports/metrics.json": "b" * 64},
}


def test_report_is_read_as_it_was_written() -> None:
    assert parse(json.dumps(REPORT).encode(), "here") == GateReport(
        passed=True,
        stage="production",
        promoted=Promoted(version="v1.0.0", commit="a" * 40),
        criteria=[RecordedResult(**criterion) for criterion in REPORT["criteria"]],
        digests=REPORT["digests"],
    )
    found = parse(json.dumps(REPORT).encode(), "here").model_dump()
    assert json.dumps(found) == json.dumps(REPORT)


def test_report_with_the_former_names_of_its_fields_is_read() -> None:
    former = {
        "criterion": "rule",
        "required": "demanded",
        "criteria": "rules",
        "digests": "judged",
    }
    text = json.dumps(REPORT)
    for name, old in former.items():
        text = text.replace(f'"{name}":', f'"{old}":')
    assert "criteri" not in text
    assert parse(text.encode(), "here") == parse(json.dumps(REPORT).encode(), "here")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"passed": False}, "passed must be true only if all criteria passed"),
        ({"passed": None}, "passed must be a valid boolean, found null"),
        ({"passed": 1}, "passed must be a valid boolean, found 1"),
        ({"extra": 1}, "extra is unknown"),
        ({"criteria": []}, "criteria must"),
        (
            {"criteria": [{**CRITERION, "passed": "yes"}]},
            "criteria.0.passed must be a valid boolean",
        ),
        (
            {"criteria": [{"criterion": "a", "found": 1, "required": ""}]},
            "criteria.0.passed is missing",
        ),
        (
            {"criteria": [{**CRITERION, "passed": False}]},
            "passed must be true only if all criteria passed",
        ),
        ({"criteria": [{**CRITERION, "found": None}]}, "criteria.0.found"),
        ({"criteria": None}, "criteria must be a list"),
        ({"promoted": {"version": "v1.0.0"}}, "promoted.commit is missing"),
        (
            {"promoted": {"version": "v1", "commit": "a" * 40}},
            "promoted.version must be a version such as",
        ),
        ({"promoted": {"version": "v1.0.0", "commit": "--all"}}, "promoted.commit must"),
        ({"digests": {"reports/metrics.json": "b"}}, "digests.reports/metrics.json must"),
    ],
)
def test_invalid_report_is_rejected_in_one_sentence(change: dict[str, Any], found: str) -> None:
    with pytest.raises(PipelineError) as refused:
        parse(json.dumps(REPORT | change).encode(), "here")
    output = str(refused.value)
    assert output.startswith(f"here: reports/gate.json: {found}")
    assert output.endswith("; run `python -m pipelines gate` there.")
    assert "\n" not in output


@pytest.mark.parametrize("name", [*REPORT, "criterion"])
def test_incomplete_report_is_rejected_in_one_sentence(name: str) -> None:
    text = json.dumps(REPORT).replace(f'"{name}"', '"other"', 1)
    with pytest.raises(PipelineError, match=r"^here: reports/gate\.json: \S+ is missing; run "):
        parse(text.encode(), "here")


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"[" * 100_000, b"\xff", b"1e999"])
def test_another_kind_of_file_is_rejected_in_one_sentence(content: bytes) -> None:
    with pytest.raises(PipelineError, match=r"^here: reports/gate\.json: "):
        parse(content, "here")


@pytest.mark.parametrize(
    ("params", "found"),
    [
        (b"", "expected parameters by name, found something else"),
        (b"[]", "expected parameters by name, found something else"),
        (b"text", "expected parameters by name, found something else"),
        (b"gate: 5", "gate must be a mapping, found 5"),
        (b"gate: {}", "gate.stage is missing"),
        (
            b"gate: {stage: production, max_regression: 0.1, confidence: 0.9}\n"
            b"dataset: pets\ndatasets: {cars: {}}",
            "datasets.pets must be a mapping, found null",
        ),
        (
            b"gate: {min_accuracy: 2020-01-01}",
            "expected a YAML file, found the date 2020-01-01, which must be in quotes",
        ),
        (b"gate: &a [*a]", "expected a YAML file, found values nested more than 64 deep"),
        (b"gate: 1\ngate: 2", "expected a YAML file, found the key"),
        (b"[" * 100_000, "expected a YAML file, found values nested more than 64 deep"),
        (b"\xff", "expected a YAML file, found a byte that is not UTF-8"),
    ],
)
def test_invalid_criteria_are_rejected_in_one_sentence(params: bytes, found: str) -> None:
    read: Callable[[str], bytes | None] = {"params.yaml": params}.get
    with pytest.raises(PipelineError) as refused:
        criteria_of(read)
    assert str(refused.value).startswith(f"params.yaml: {found}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("value", [".inf", ".nan", "-1", "true", "'0.9'", "1e999"])
def test_bound_that_is_not_a_share_is_rejected(value: str) -> None:
    valid = (ROOT / "tests" / "pipelines" / "gated" / "params.yaml").read_bytes()
    assert criteria_of({"params.yaml": valid}.get) is not None
    match = r"^params\.yaml: datasets\.pets\.gate\.min_accuracy must be "
    with pytest.raises(PipelineError, match=match):
        criteria_of({"params.yaml": valid.replace(b"0.9,", f"{value},".encode(), 1)}.get)
    assert criteria_of({"params.yaml": b"recipe: fast"}.get) is None
