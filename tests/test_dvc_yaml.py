"""The ``dvc.yaml`` files tell DVC what each stage depends on; here they are held to the code."""

import ast
import re
from pathlib import Path
from typing import Any

import grimp
import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
STAGES: dict[str, dict[str, Any]] = {
    name: stage
    for path in (ROOT / "dvc.yaml", ROOT / "tuning" / "dvc.yaml")
    for name, stage in YAML(typ="safe").load(path)["stages"].items()
}
# What depends on machine and day is kept out of DVC's sight: it neither removes nor caches it.
UNSEEN = {"models/checkpoints", "models/provenance.json", "models/scores", "models/tensorboard"}
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
    """Every file of the project that running the stage imports."""
    graph = grimp.build_graph("stages", cache_dir=None)
    run = ("stages.__main__", f"stages.{stage}")
    closure = {*run, *(found for module in run for found in graph.find_upstream_modules(module))}
    packages = {".".join(name.split(".")[:end]) for name in closure for end in (1, 2)}
    stems = [Path(*name.split(".")) for name in closure | packages]
    files = {ROOT / f"{stem}.py" for stem in stems} | {
        ROOT / stem / "__init__.py" for stem in stems
    }
    return files & set(MODULES)


def params_declared(stage: str) -> set[str]:
    """What the stage says that it reads, those of another file than params.yaml after its name."""
    declared = set()
    for entry in STAGES[stage].get("params", []):
        if isinstance(entry, str):
            declared.add(entry)
            continue
        ((file, places),) = entry.items()
        prefix = "" if file == "params.yaml" else f"{file}:"
        declared |= {f"{prefix}{place}" for place in places}
    return declared


def params_read(stage: str) -> set[str]:
    """What the stage's file takes from the parameters, as DVC names it."""
    entries = {
        "dataset": "datasets.${dataset}",
        "recipe": "recipes.${recipe}",
        "base": "recipes.${base}",
    }
    prefixes = {"parameters": "", "tuning": "tuning/params.yaml:"}
    nodes = list(ast.walk(ast.parse((ROOT / "stages" / f"{stage}.py").read_text())))
    within_others = {node.value for node in nodes if isinstance(node, ast.Attribute)}
    read = set()
    for node in nodes:
        if not isinstance(node, ast.Attribute | ast.Name) or node in within_others:
            continue
        name, _, attributes = ast.unparse(node).partition(".")
        if name in prefixes and attributes and not attributes.startswith(("chosen_", "recipe_")):
            read.add(prefixes[name] + attributes)
        # Sections of an entry are listed whole.
        place = attributes.partition(".")[0]
        if name in entries and (place or isinstance(node.ctx, ast.Load)):
            read.add(".".join(filter(None, (entries[name], place))))
            # Which entry is chosen is a parameter too.
            read |= {name} - {"base"}
    # Who reads a section reads all that is in it.
    return {place for place in read if not any(place.startswith(f"{other}.") for other in read)}


def test_every_stage_has_a_file_and_every_file_a_stage() -> None:
    files = {path.stem for path in (ROOT / "stages").glob("[a-z]*.py")}

    assert set(STAGES) == files


def named_templates(path: Path) -> set[Path]:
    """The templates that a module names, and those that they include."""
    found = {path.parent / name for name in re.findall(r"[\w.]+\.jinja", path.read_text())}
    return found.union(*(named_templates(template) for template in found))


@pytest.mark.parametrize("stage", STAGES)
def test_code_deps_hold_every_file_that_the_stage_imports_and_none_is_unused(stage: str) -> None:
    imports = imported(stage)
    files = imports.union(*map(named_templates, imports))
    needed = {str(path.relative_to(ROOT)) for path in files}
    within = {
        dep: {name for name in needed if f"{name}/".startswith(f"{dep}/")}
        for dep in code_deps(stage)
    }

    assert sorted(needed - set().union(*within.values())) == [], f"{stage} does not depend on them"
    assert [dep for dep, names in within.items() if not names] == [], f"{stage} imports none of it"


@pytest.mark.parametrize("stage", STAGES)
def test_params_are_those_that_the_stage_reads(stage: str) -> None:
    assert params_declared(stage) == params_read(stage)


@pytest.mark.parametrize("stage", STAGES)
def test_the_command_names_every_input_and_output(stage: str) -> None:
    name, *arguments = STAGES[stage]["cmd"].removeprefix("python -m stages ").split()
    given = {argument for argument in arguments if not argument.startswith("--")}
    files = {name.rpartition(":")[0] or "params.yaml" for name in params_declared(stage)}

    assert name == stage
    unseen = {path for path in given if path.removesuffix(f"/{stage}") in UNSEEN}

    assert given == data_deps(stage) | outputs(stage) | files | unseen


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
    ("library", "owners"),
    [
        ("tensorflow", {"stages.model", "stages.search", "stages.serving"}),
        ("great_expectations", {"stages.dataset.expectations"}),
        ("matplotlib", {"stages.reporting"}),
    ],
)
def test_a_slow_library_is_imported_in_its_own_place_alone(library: str, owners: set[str]) -> None:
    graph = grimp.build_graph("stages", include_external_packages=True, cache_dir=None)

    importers = graph.find_modules_that_directly_import(library)

    assert importers
    assert {
        one for one in importers if not any(f"{one}.".startswith(f"{o}.") for o in owners)
    } == set()
