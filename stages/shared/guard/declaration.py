"""Read what ``dvc.yaml`` declares about a stage: its dependencies and outputs."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from stages.shared import formats
from stages.shared.errors import UserError

PIPELINES = ("dvc.yaml", "*/dvc.yaml")
"""Patterns of the files that declare stages; their paths start at the top of the project."""
_PARAMETERS = "params.yaml"
_REFERENCE = re.compile(r"\$\{([^}]+)\}")


class DeclarationError(UserError):
    """``dvc.yaml`` does not declare the stage, or in a way that cannot be followed."""


class Declaration(NamedTuple):
    """The dependencies and outputs of a stage, with every ``${...}`` resolved."""

    stage: str
    dependencies: tuple[str, ...]
    """Files and folders."""
    parameters: tuple[tuple[str, str], ...]
    """A parameter file and a place in it, such as ``recipes.fast.seed``."""
    outputs: tuple[str, ...]
    """Outputs that DVC removes before the stage runs: all except persistent ones."""
    owned_by_people: tuple[str, ...]
    """Persistent outputs of any stage, which the user fills."""


def read_declaration(stage: str) -> Declaration:
    """Read the declaration of a stage of the project in the working directory.

    Raises:
        DeclarationError: there is no such stage, or a file cannot be read.
    """
    # Several pipeline files use the same parameters.
    read = cache(read_yaml)
    pipelines = [
        (content.get("stages", {}), _values(path.parent, content, read))
        for path, content in _pipelines()
    ]
    for stages, values in pipelines:
        if stage in stages:
            declared = stages[stage]
            return Declaration(
                stage,
                tuple(_resolved(values, declared.get("deps", []))),
                tuple(_places(values, declared.get("params", []))),
                tuple(name for name, persistent in _outputs(values, declared) if not persistent),
                tuple(
                    name
                    for stages, values in pipelines
                    for declared in stages.values()
                    for name, persistent in _outputs(values, declared)
                    if persistent
                ),
            )
    raise DeclarationError(
        f"expected dvc.yaml to declare the stage {stage}, found no such stage; run it by "
        "`dvc repro` from the top of the project."
    )


def read_yaml(path: Path) -> Any:
    """Read a YAML 1.2 file, as DVC reads it; an empty one is an empty mapping.

    Raises:
        DeclarationError: there is no such file, or it is not YAML.
    """
    try:
        return formats.read_yaml(path) or {}
    except formats.FormatError as error:
        raise DeclarationError(f"{path}: {error}.") from None


def _pipelines() -> Iterator[tuple[Path, dict[str, Any]]]:
    for pattern in PIPELINES:
        for path in sorted(Path().glob(pattern)):
            yield path, read_yaml(path)


def _values(
    folder: Path, content: Mapping[str, Any], read: Callable[[Path], Any]
) -> dict[str, Any]:
    """Return the values that ``${...}`` can name: from params.yaml and the files under ``vars``."""
    files = [_PARAMETERS, *(name for name in content.get("vars", []) if isinstance(name, str))]
    values: dict[str, Any] = {}
    for path in ((folder / name).resolve() for name in files):
        if path.is_file():
            values |= read(path)
    return values


def _resolved(values: Mapping[str, Any], texts: list[str]) -> Iterator[str]:
    for text in texts:
        yield _REFERENCE.sub(lambda found: str(value_at(values, found[1].strip())), text)


def _places(
    values: Mapping[str, Any], entries: list[str | dict[str, list[str]]]
) -> Iterator[tuple[str, str]]:
    for entry in entries:
        named = {_PARAMETERS: [entry]} if isinstance(entry, str) else entry
        for file, places in named.items():
            yield from ((file, place) for place in _resolved(values, places))


def _outputs(values: Mapping[str, Any], declared: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield each output, and whether it is persistent."""
    for kind in ("outs", "metrics", "plots"):
        for entry in declared.get(kind, []):
            named = {entry: {}} if isinstance(entry, str) else entry
            for name, options in named.items():
                (resolved,) = _resolved(values, [name])
                yield resolved, bool(options.get("persist"))


def value_at(values: Any, place: str) -> Any:
    """Return the value at a place such as ``recipes.fast.seed``; None if there is none."""
    for name in place.split("."):
        if not isinstance(values, Mapping):
            return None
        values = values.get(name)
    return values
