"""``dvc.yaml`` tells DVC what each stage depends on; here it is held to the code."""

import ast
import re
from pathlib import Path
from typing import Any

import grimp
import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
STAGES: dict[str, dict[str, Any]] = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
# An empty __init__ file cannot change what a stage does.
MODULES = [path for path in sorted((ROOT / "stages").rglob("*.py")) if path.stat().st_size]


def names(entries: list[str | dict[str, Any]]) -> set[str]:
    """Paths of outputs, some of which carry options."""
    return {entry if isinstance(entry, str) else next(iter(entry)) for entry in entries}


def code_deps(stage: str) -> set[str]:
    return {dep for dep in STAGES[stage]["deps"] if dep.startswith("stages/")}


def data_deps(stage: str) -> set[str]:
    return set(STAGES[stage]["deps"]) - code_deps(stage)


def outputs(stage: str) -> set[str]:
    kinds = ("outs", "metrics", "plots")
    return set().union(*(names(STAGES[stage].get(kind, [])) for kind in kinds))


def imported(stage: str) -> set[Path]:
    """Every file of the project that running the stage's file imports."""
    graph = grimp.build_graph("stages", cache_dir=None)
    closure = {f"stages.{stage}", *graph.find_upstream_modules(f"stages.{stage}")}
    packages = {".".join(name.split(".")[:end]) for name in closure for end in (1, 2)}
    stems = [Path(*name.split(".")) for name in closure | packages]
    files = {ROOT / f"{stem}.py" for stem in stems} | {
        ROOT / stem / "__init__.py" for stem in stems
    }
    return files & set(MODULES)


def params_read(stage: str) -> set[str]:
    """What the stage's file takes from the parameters, as DVC names it."""
    prefixes = {
        "parameters": "",
        "dataset": "datasets.${dataset}.",
        "recipe": "recipes.${recipe}.",
    }
    read = set()
    for node in ast.walk(ast.parse((ROOT / "stages" / f"{stage}.py").read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name, attribute = node.value.id, node.attr
            if name in prefixes and not attribute.startswith("chosen_"):
                read.add(prefixes[name] + attribute)
            # Which entry is chosen is a parameter too.
            if name in {"dataset", "recipe"}:
                read.add(name)
    return read


def test_every_stage_has_a_file_and_every_file_a_stage() -> None:
    assert set(STAGES) == {path.stem for path in MODULES if has_main(path)}


def has_main(path: Path) -> bool:
    return "__main__" in path.read_text()


@pytest.mark.parametrize("stage", STAGES)
def test_code_deps_are_the_files_that_the_stage_imports(stage: str) -> None:
    files = imported(stage)
    templates = {
        path.parent / match
        for path in files
        for match in re.findall(r"[\w.]+\.jinja", path.read_text())
    }

    assert code_deps(stage) == {str(path.relative_to(ROOT)) for path in files | templates}


@pytest.mark.parametrize("stage", STAGES)
def test_params_are_those_that_the_stage_reads(stage: str) -> None:
    assert set(STAGES[stage].get("params", [])) == params_read(stage)


@pytest.mark.parametrize("stage", STAGES)
def test_the_command_names_every_input_and_output(stage: str) -> None:
    module, *arguments = STAGES[stage]["cmd"].removeprefix("python -m ").split()
    given = {argument for argument in arguments if not argument.startswith("--")}
    params = {"params.yaml"} if STAGES[stage].get("params") else set()

    assert module == f"stages.{stage}"
    # Checkpoints are kept out of DVC's sight, so that it neither removes nor caches them.
    unseen = {"models/checkpoints"} & given

    assert given == data_deps(stage) | outputs(stage) | params | unseen


@pytest.mark.parametrize("stage", STAGES)
def test_inputs_are_outputs_of_other_stages(stage: str) -> None:
    made = set().union(*(outputs(other) for other in STAGES if other != stage))

    assert data_deps(stage) <= made


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_says_what_it_is_for(stage: str) -> None:
    assert STAGES[stage]["desc"]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_has_a_test(module: Path) -> None:
    relative = module.relative_to(ROOT / "stages")
    stem = relative.parent.name if module.stem == "__init__" else module.stem

    assert (ROOT / "tests" / relative.with_name(f"test_{stem}.py")).is_file()


@pytest.mark.parametrize(
    ("library", "owner"),
    [
        ("tensorflow", "stages.model"),
        ("great_expectations", "stages.dataset.expectations"),
        ("matplotlib", "stages.reporting"),
    ],
)
def test_a_slow_library_is_imported_in_its_own_place_alone(library: str, owner: str) -> None:
    graph = grimp.build_graph("stages", include_external_packages=True, cache_dir=None)

    importers = graph.find_modules_that_directly_import(library)

    assert importers
    assert {module for module in importers if not f"{module}.".startswith(f"{owner}.")} == set()
