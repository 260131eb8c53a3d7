"""The ``dvc.yaml`` files tell DVC what each stage depends on; here they are held to the code."""

import ast
import re
from pathlib import Path
from typing import Any

import grimp
import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
STAGES: dict[str, dict[str, Any]] = {
    name: stage
    for path in (ROOT / "dvc.yaml", ROOT / "tuning" / "dvc.yaml")
    for name, stage in YAML(typ="safe").load(path)["stages"].items()
}
# What depends on machine and day is kept out of DVC's sight: it neither removes nor caches it.
UNSEEN = {"models", "models/scores"}
# An empty __init__ file cannot change what a stage does.
MODULES = [path for path in sorted((ROOT / "stages").rglob("*.py")) if path.stat().st_size]


def program(stage: str) -> str:
    """The file of stages/ that the stage runs."""
    command: str = STAGES[stage]["cmd"]
    return command.removeprefix("python -m stages ").split()[0]


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
    run = ("stages.__main__", f"stages.{program(stage)}")
    closure = {*run, *(found for module in run for found in graph.find_upstream_modules(module))}
    packages = {".".join(name.split(".")[:end]) for name in closure for end in (1, 2, 3)}
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
    """What the stage's program reads from ``Parameters``, as DVC names it."""
    nodes = list(ast.walk(ast.parse((ROOT / "stages" / f"{program(stage)}.py").read_text())))
    parents = {child: node for node in nodes for child in ast.iter_child_nodes(node)}
    read = set()
    for call in nodes:
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        words = [str(one.value) for one in call.args if isinstance(one, ast.Constant)]
        if call.func.attr == "name":
            read.add(words[0])
        elif call.func.attr == "chosen":
            place = f"{words[0]}s.${{{words[0]}}}"
            read |= {words[0]} | used(parents, nodes, call, [place, *words[1:]])
        elif call.func.attr == "named":
            read |= used(parents, nodes, call, [f"{words[0]}s.${{base}}"])
        elif call.func.attr == "section":
            found = used(parents, nodes, call, words)
            read |= found if words else {f"tuning/params.yaml:{place}" for place in found}
    # Whoever reads a section reads everything in it.
    return {place for place in read if not any(place.startswith(f"{other}.") for other in read)}


def used(
    parents: dict[ast.AST, ast.AST], nodes: list[ast.AST], call: ast.Call, place: list[str]
) -> set[str]:
    """What is used of the section at a place: some attributes, or all of it."""
    target = parents[call]
    if isinstance(target, ast.Attribute):
        return {".".join([*place, target.attr])}
    assert isinstance(target, ast.Assign), f"give {ast.unparse(call)} a variable of its own"
    variable = ast.unparse(target.targets[0])
    loads = [
        node
        for node in nodes
        if isinstance(node, ast.Name) and node.id == variable and isinstance(node.ctx, ast.Load)
    ]
    return {".".join([*place, *attributes(parents, load)]) for load in loads}


def attributes(parents: dict[ast.AST, ast.AST], node: ast.AST) -> list[str]:
    """The names after a variable, as in ``tuning.learning_curve.images``."""
    above = parents[node]
    return [above.attr, *attributes(parents, above)] if isinstance(above, ast.Attribute) else []


def test_every_stage_has_a_file_and_every_file_a_stage() -> None:
    files = {path.stem for path in (ROOT / "stages").glob("[a-z]*.py")}

    assert {program(stage) for stage in STAGES} == files


def test_no_module_imports_a_stage() -> None:
    graph = grimp.build_graph("stages", cache_dir=None)
    programs = {f"stages.{program(stage)}" for stage in STAGES}

    importers = {
        f"{importer} imports {imported}"
        for imported in programs
        for importer in graph.find_modules_that_directly_import(imported)
    }

    assert importers == set(), "move what they share to a folder of stages/"


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
def test_the_command_names_every_input_and_output_or_its_folder(stage: str) -> None:
    _, *arguments = STAGES[stage]["cmd"].removeprefix("python -m stages ").split()
    given = {argument for argument in arguments if not argument.startswith("--")}
    files = {name.rpartition(":")[0] or "params.yaml" for name in params_declared(stage)}
    declared = data_deps(stage) | outputs(stage) | files

    assert {path for path in declared if not any(is_within(path, one) for one in given)} == set()
    assert {one for one in given - UNSEEN if not any(is_within(p, one) for p in declared)} == set()


def is_within(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder}/")


@pytest.mark.parametrize("stage", STAGES)
def test_inputs_are_outputs_of_other_stages(stage: str) -> None:
    made = set().union(*(outputs(other) for other in STAGES if other != stage))

    assert data_deps(stage) <= made


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_a_description(stage: str) -> None:
    assert STAGES[stage]["desc"]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_has_a_test(module: Path) -> None:
    relative = module.relative_to(ROOT)
    stem = relative.parent.name if module.stem == "__init__" else module.stem
    test = Path("tests") / relative.with_name(f"test_{stem}.py")

    assert (ROOT / test).is_file(), f"{relative} has no test; write {test}"


@pytest.mark.parametrize(
    ("library", "owners"),
    [
        ("tensorflow", {"stages.model", "stages.training", "stages.serving"}),
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
