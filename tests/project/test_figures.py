"""The figures in the documentation are those that the benchmarks measured."""

import json
import re
from typing import Any

import pytest

from stages.params.recipe import Recipe
from tests.helpers import ROOT
from tests.project.documents import DOCUMENTS, PARAMETERS, README, STAGES, one_line

BENCHMARKS = DOCUMENTS["docs/benchmarks.md"]
HANDWRITING = DOCUMENTS["docs/handwriting.md"]
VERIFICATION = DOCUMENTS["docs/verification.md"]


def results(name: str) -> dict[str, Any]:
    measured: dict[str, Any] = json.loads(
        (ROOT / "benchmarks/results" / f"{name}.json").read_text()
    )
    return measured


@pytest.mark.parametrize("recipe", ["quick", "fast", "accurate", "tutorial"])
def test_the_accuracies_are_those_measured(recipe: str) -> None:
    measured = results("recipes")[recipe]
    row = re.search(rf"^\| `{recipe}`.*$", README, re.MULTILINE)

    assert row
    chosen = PARAMETERS.recipes[recipe]
    assert Recipe.model_validate_json(json.dumps(measured["recipe"])) == chosen
    cells = [cell.strip() for cell in row[0].strip("|").split("|")]
    spread = f"{measured['test_accuracy_min']:.2%} to {measured['test_accuracy_max']:.2%}"
    assert cells[1:] == [
        str(measured["epochs"]),
        f"{measured['test_accuracy_mean']:.2%}",
        spread,
        str(measured["seeds"]),
        f"{measured['time_over_tutorial']:.2f}",
    ]


def test_the_calibration_is_that_measured() -> None:
    measured = results("calibration")
    means = measured["means"]
    table = BENCHMARKS.partition("| test images |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([a-z ]+) \| ([\d.%]+) \| ([\d.%]+) \|$", table, re.MULTILINE)

    assert Recipe.model_validate_json(json.dumps(measured["recipe"])) == PARAMETERS.recipes["fast"]
    error = f"{means['calibration_error']:.2%}"
    accuracy = f"{means['accuracy']:.2%}"
    assert rows == [
        ("expected calibration error", f"{means['calibration_error_before']:.2%}", error),
        ("loss", f"{means['loss_before']:.4f}", f"{means['loss']:.4f}"),
        ("accuracy", accuracy, accuracy),
    ]
    assert f"the {means['coverage']:.1%} with the highest confidence" in BENCHMARKS
    assert f"the expected calibration error is {error}" in one_line(README)


def test_the_tutorials_figures_are_those_measured() -> None:
    recipe, measured = results("recipes")["tutorial"], results("tutorial")

    for figure in (
        f"{recipe['test_accuracy_mean']:.2%}",
        f"from {recipe['test_accuracy_min']:.2%} to {recipe['test_accuracy_max']:.2%}",
        f"{measured['accuracy_difference_epoch_1']:.4f}",
        f"{measured['accuracy_difference_after']:.4f}",
        f"{measured['loss_ratio_smallest_epochs_1_to_10']:.2f}",
        f"{measured['loss_ratio_largest_epochs_1_to_10']:.2f}",
    ):
        assert figure in BENCHMARKS


def test_the_accuracies_of_other_data_sets_are_those_measured() -> None:
    table = DOCUMENTS["docs/datasets.md"].partition("| set |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `([\w-]+)` \| .* \| (\d+) \| ([\d.]+%) \|$", table, re.MULTILINE)

    assert rows == [
        (name, str(found["classes"]), f"{found['test_accuracy']:.2%}")
        for name, found in results("datasets")["sets"].items()
    ]


def test_the_figures_of_larger_sizes_are_those_measured() -> None:
    text = one_line(DOCUMENTS["docs/scale.md"])
    stages = results("scale")["stages"]
    largest = stages["960000"]

    memory = max(stage["memory_gb"] for size in stages.values() for stage in size.values())
    epoch = largest["train"]["seconds"]
    for figure in (
        f"at most {memory:.2f} GB",
        f"960,000 images take {largest['ingest']['seconds']} s and "
        f"{largest['standardize']['seconds']} s",
        f"{epoch * 1e8 / 960_000 / 3600:.1f} hours: 960,000 images take {epoch:.0f} s",
        f"{1e8 * 28 * 28 / 1e9:.0f} GB",
        f"a cold run takes {results('pipeline')['cold_seconds']:.0f} s",
        f"with nothing to do takes {results('orchestration')['noop_flow_seconds']:.0f} s",
    ):
        assert figure in text


def test_the_faults_are_those_tried() -> None:
    kinds = results("faults")["kinds"]
    table = DOCUMENTS["docs/development.md"].partition("### Faults")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\w+) \| ([\d,]+) \| ([\d,]+) \|", table, re.MULTILINE)

    assert rows == [
        (kind, f"{found['cases']:,}", f"{found['held']:,}") for kind, found in kinds.items()
    ]
    assert all(found["held"] == found["cases"] for found in kinds.values())
    readme = one_line(README)
    assert f"{sum(found['cases'] for found in kinds.values()):,} in all" in readme
    assert f"at each of {kinds['injected']['cases']} calls to write" in readme
    assert f"{kinds['readers']['cases'] + kinds['records']['cases']:,} damaged files" in readme


def test_the_photographs_are_those_counted() -> None:
    measured = results("photos")
    table = HANDWRITING.partition("| condition |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([^|]+) \| (\d+) \|$", table, re.MULTILINE)

    assert rows == [(name, str(found)) for name, found in measured["right"].items()]
    assert measured["of"] == 100
    seconds = f"{measured['seconds_of_12_megapixels']:.1f} s"
    assert f"A picture of 12 megapixels takes {seconds}" in one_line(HANDWRITING)


def test_the_doubts_are_those_measured() -> None:
    measured = results("doubt")
    table = HANDWRITING.partition("| marks found on")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([\d.% |]+) \|$", table, re.MULTILINE)

    assert measured["pictures"] == 500
    columns = "not a digit", "not sure", "sure"
    assert rows == [
        (kind, " | ".join(f"{100 * found[column]:.1f} %" for column in columns))
        for kind, found in measured["kinds"].items()
    ]


def test_the_distortions_are_those_measured() -> None:
    measured = results("handwriting")
    table = HANDWRITING.partition("| distortion |")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| ([^|]+) \| ([\d.]+%) \|$", table, re.MULTILINE))

    distortions = {name: found for name, found in measured.items() if isinstance(found, dict)}
    assert rows == {name: f"{found['accuracy']:.1%}" for name, found in distortions.items()}
    for name, found in distortions.items():
        assert found["n"] >= 500
        assert found["accuracy"] >= (0.95 if name == "rotation" else 0.97)


def test_the_times_are_those_measured() -> None:
    pipeline, training = results("pipeline"), results("training")
    orchestration = results("orchestration")

    for figure in (
        f"{pipeline['cold_seconds']:.0f} s",
        f"{pipeline['training_seconds']:.0f} s",
        f"{pipeline['outside_training_seconds']:.0f} s",
        f"{pipeline['noop_seconds']:.1f} s",
        f"{training['epoch_over_session']:.2f}",
        f"{training['epoch_over_keras']:.2f}",
        f"{training['share_of_matmul']:.0%}",
        f"{training['memory_over_float32_images']:.2f}",
        f"{orchestration['cold_flow_over_cold_repro']:.2f} times",
        f"{orchestration['noop_flow_over_noop_repro']:.2f} times",
    ):
        assert figure in one_line(BENCHMARKS)
    assert training["memory_over_float32_images"] <= 3
    assert orchestration["noop_flow_over_noop_repro"] <= 3
    for stage, seconds in pipeline["seconds_by_stage"].items():
        assert f"| {stage} | {seconds:.1f} |" in BENCHMARKS


def test_the_table_of_growing_data_sets_is_that_measured() -> None:
    measured = results("scale")

    assert list(measured["stages"]) == ["60000", "240000", "960000"]
    most = measured["stages"]["960000"]
    assert list(most) == list(STAGES)
    for stage, found in most.items():
        seconds = " | ".join(f"{of[stage]['seconds']:.1f}" for of in measured["stages"].values())
        exponent = measured["exponents"][stage]["seconds"]
        row = f"| {stage} | {seconds} | {exponent:.2f} | {found['memory_gb']:.2f} |"
        assert row in BENCHMARKS
    largest = max(found["memory_gb"] for found in most.values())
    assert f"no stage takes more than {largest:.2f} GB" in one_line(README)
    assert largest < 1.5


def test_the_detour_is_that_measured() -> None:
    measured = results("worker")

    for figure in (
        f"{measured['detour_seconds_in_all']:.0f} s more than the",
        f"{measured['training_seconds']:.0f} s of the trainings",
    ):
        assert figure in one_line(BENCHMARKS)
    assert measured["tampered_refused"] == measured["tampered_tried"] == 8
    for name in ("weights_identical", "untampered_accepted", "dvc_status_clean"):
        assert measured[name]
    assert measured["stages_on_the_pool"] == ["train", "retrain"]
    assert measured["stages_run_afterwards"] == 0


def test_all_artifacts_of_two_clones_are_the_same() -> None:
    measured = results("reproducibility")

    assert measured["identical"] == measured["artifacts"] == 25
    assert f"all {measured['artifacts'] - 1} outputs" in one_line(VERIFICATION)
    assert measured["differ"] == []
