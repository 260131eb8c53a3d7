from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.dvc.processes.plan import change_params
from pipelines.dvc.stages import Meta, read_stages
from pipelines.errors import PipelineError
from tests.pipelines.repositories import dvc_at_work, search

Edit = Callable[[Path, str, Any], None]


def test_stages_are_in_dependency_order_with_their_settings(toy: Path) -> None:
    stages = read_stages(toy)
    assert [(stage.name, stage.upstream) for stage in stages] == [
        ("fetch", ()),
        ("train", ("fetch",)),
        ("report", ("train",)),
    ]
    assert stages[0].description == "Copy the source"
    assert stages[0].meta == Meta(retries=2, retry_delay=0)
    assert stages[1].meta == Meta(timeout=60, pool="gpu")


def test_stage_added_to_dvc_yaml_is_listed(toy: Path, edit: Edit) -> None:
    added = {"cmd": "cp raw.txt more.txt", "deps": ["raw.txt"], "outs": ["more.txt"]}
    edit(toy / "dvc.yaml", "stages.more", added)
    found = {stage.name: stage for stage in read_stages(toy)}
    assert found["more"].upstream == ("fetch",)
    assert found["more"].changed


def test_pipeline_of_a_subfolder_is_not_included(toy: Path) -> None:
    (toy / "below").mkdir()
    (toy / "below" / "dvc.yaml").write_text("stages: {other: {cmd: 'true'}}\n")
    assert [stage.name for stage in read_stages(toy)] == ["fetch", "train", "report"]


@pytest.mark.slow
def test_stages_are_listed_after_another_dvc_command_ends(toy: Path) -> None:
    with dvc_at_work(toy):
        assert [stage.name for stage in read_stages(toy)] == ["fetch", "train", "report"]


def test_stages_of_another_file_are_listed_with_their_dependencies(toy: Path) -> None:
    search(toy)
    stages = read_stages(toy, file="tuning/dvc.yaml")
    assert [(stage.address, stage.upstream, stage.changed) for stage in stages] == [
        ("fetch", (), False),
        ("tuning/dvc.yaml:tune", ("fetch",), True),
    ]
    assert stages[1].meta.pool == "gpu"


def test_only_what_differs_from_dvc_lock_is_changed(
    toy: Path, set_params: Callable[..., None]
) -> None:
    assert not any(stage.changed for stage in read_stages(toy))
    set_params(epochs=3)
    assert [stage.name for stage in read_stages(toy) if stage.changed] == ["train"]


def test_adding_a_pool_does_not_change_a_stage(toy: Path, edit: Edit) -> None:
    edit(toy / "dvc.yaml", "stages.fetch.meta.pool", "cpu")
    stages = read_stages(toy)
    assert stages[0].meta.pool == "cpu"
    assert not any(stage.changed for stage in stages)


def test_parameter_changes_are_applied_first(toy: Path) -> None:
    stages = read_stages(toy, changes=["epochs=3", "recipe=tutorial"])
    assert [stage.name for stage in stages if stage.changed] == ["train"]
    assert (toy / "params.yaml").read_text().startswith("recipe: tutorial\nepochs: 3\n")


def test_unknown_parameter_is_rejected(toy: Path) -> None:
    with pytest.raises(PipelineError, match="set-param"):
        read_stages(toy, changes=["no.such.parameter=3"])


@pytest.mark.parametrize(
    "change",
    [
        "epochs=1e9999",
        "epochs=nan",
        "epochs=${oc.env:HOME}",
        "epochs=${nope}",
        "epochs=\\${nope}",
        "epochs=${",
        "epochs=range(1,5)",
        "epochs=1,2",
        "epochs",
        "=5",
        "epochs=a\0b",
        "epochs=\ud800",
        "epochs=\x1b[2J\u202e",
        "epochs=" + "[" * 3000,
    ],
    ids=ascii,
)
def test_a_change_to_anything_but_a_constant_is_one_sentence(
    toy: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    if "\0" in change or "\ud800" in change:
        with pytest.raises(
            PipelineError, match=r"^expected text without zero bytes, found epochs="
        ):
            read_stages(toy, changes=[change])
        return
    monkeypatch.chdir(toy)

    with pytest.raises(PipelineError, match=r"^expected values as for `dvc exp run") as refused:
        change_params(Path("params.yaml"), [change])

    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 600


def test_change_is_never_read_as_an_option(toy: Path) -> None:
    with pytest.raises(PipelineError, match="set-param"):
        read_stages(toy, changes=["--help"])


def test_missing_outputs_are_restored_from_the_cache_and_named(toy: Path) -> None:
    (toy / "raw.txt").unlink()
    (toy / "model.txt").unlink()
    stages = read_stages(toy, restore=True)
    assert [stage.restored for stage in stages] == [True, True, False]
    assert not any(stage.changed for stage in stages)
    assert (toy / "model.txt").exists()


def test_output_missing_from_the_cache_stays_missing_and_changed(toy: Path) -> None:
    for file in (toy / ".dvc" / "cache" / "files").rglob("*"):
        if file.is_file():
            file.unlink()
    (toy / "raw.txt").unlink()
    (toy / "model.txt").unlink()
    stages = read_stages(toy, restore=True)
    assert [stage.changed for stage in stages] == [True, True, True]
    assert not any(stage.restored for stage in stages)


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        ("stages.fetch.meta.tries", 3, "stages.fetch.meta.tries: Extra inputs are not permitted"),
        ("stages.fetch.meta.retries", -1, "stages.fetch.meta.retries: Input should be greater"),
        ("stages.train.meta.timeout", 0, "stages.train.meta.timeout: Input should be greater"),
        ("stages.train.meta.pool", "a pool", "stages.train.meta.pool: String should match"),
        ("stages.fetch.meta.retry_delay", "x", "stages.fetch.meta.retry_delay: Input should be a"),
    ],
)
def test_invalid_meta_is_rejected_with_its_name(
    toy: Path, edit: Edit, place: str, value: object, sentence: str
) -> None:
    edit(toy / "dvc.yaml", place, value)
    with pytest.raises(PipelineError, match=f"dvc.yaml: {sentence}.*, found {value!r}"):
        read_stages(toy)


def test_unreadable_dvc_yaml_is_rejected_in_one_line(toy: Path) -> None:
    (toy / "dvc.yaml").write_text("stages: {fetch: {command: 'true'}}\n")
    with pytest.raises(PipelineError, match=r"dvc\.yaml") as raised:
        read_stages(toy)
    assert "\n" not in str(raised.value)
