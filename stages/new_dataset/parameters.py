"""Add entries to ``params.yaml``, and leave every other character as it is."""

import io
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from stages.params.file import read_params
from stages.shared import artifacts
from stages.shared.errors import UserError
from stages.shared.parameters import ParameterError


class AddingError(UserError):
    """An entry cannot be added to ``params.yaml``."""


def add(path: Path, section: str, name: str, entry: Mapping[str, Any]) -> None:
    """Add an entry at the end of a section, ``datasets`` or ``recipes``.

    Raises:
        AddingError: the file has no such section.
        ParameterError: the file would be invalid; it stays as it was.
    """
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    begins = [number for number, line in enumerate(lines) if re.match(r"[A-Za-z]", line)]
    starts = [number for number in begins if lines[number].startswith(f"{section}:")]
    if len(starts) != 1:
        raise AddingError(f"{path}: expected a section {section}, found {len(starts)}.")
    end = next((number for number in begins if number > starts[0]), len(lines))
    while not lines[end - 1].strip():
        end -= 1
    text = "\n" + textwrap.indent(_yaml({name: dict(entry)}), "  ")
    _write(path, "".join([*lines[:end], text, *lines[end:]]))


def choose(path: Path, **choices: str) -> None:
    """Set ``dataset`` and ``recipe`` to entries; comments stay.

    Raises:
        ParameterError: the file would be invalid; it stays as it was.
    """
    text = path.read_text(encoding="utf-8")
    for key, name in choices.items():
        text = re.sub(rf"(?m)^{key}: *\S+", f"{key}: {name}", text, count=1)
    _write(path, text)


def _yaml(content: Mapping[str, Any]) -> str:
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    yaml.allow_unicode = True
    yaml.width = 100
    output = io.StringIO()
    yaml.dump(dict(content), output)
    return output.getvalue()


def _write(path: Path, text: str) -> None:
    with artifacts.replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
        try:
            read_params(temporary)
        except ParameterError as error:
            raise ParameterError(str(error).replace(str(temporary), str(path))) from None
