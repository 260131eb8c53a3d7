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


def with_entry(text: str, section: str, name: str, entry: Mapping[str, Any]) -> str:
    """Return the content of the file with an entry more at the end of a section.

    Args:
        text: the content.
        section: ``datasets`` or ``recipes``.
        name: of the entry.
        entry: its values.

    Raises:
        AddingError: there is no such section.
    """
    lines = text.splitlines(keepends=True)
    begins = [number for number, line in enumerate(lines) if re.match(r"[A-Za-z]", line)]
    starts = [number for number in begins if lines[number].startswith(f"{section}:")]
    if len(starts) != 1:
        raise AddingError(f"expected a section {section} in params.yaml, found {len(starts)}.")
    end = next((number for number in begins if number > starts[0]), len(lines))
    # A comment in the first column belongs to the section that follows.
    while not lines[end - 1].strip() or lines[end - 1].startswith("#"):
        end -= 1
    added = "\n" + textwrap.indent(_yaml({name: dict(entry)}), "  ")
    return "".join([*lines[:end], added, *lines[end:]])


def with_choices(text: str, **choices: str) -> str:
    """Return the content of the file with other values of ``dataset`` and ``recipe``."""
    for key, name in choices.items():
        text = re.sub(rf"(?m)^{key}: *\S+", f"{key}: {name}", text, count=1)
    return text


def write(path: Path, text: str) -> None:
    """Write the content of the file in one step.

    Raises:
        ParameterError: it is not valid; the file stays as it was.
    """
    with artifacts.replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
        try:
            read_params(temporary)
        except ParameterError as error:
            raise ParameterError(str(error).replace(str(temporary), str(path))) from None


def _yaml(content: Mapping[str, Any]) -> str:
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    yaml.allow_unicode = True
    yaml.width = 100
    output = io.StringIO()
    yaml.dump(dict(content), output)
    return output.getvalue()
