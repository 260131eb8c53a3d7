"""Read parameter files, section by section."""

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from stages.shared.errors import UserError
from stages.shared.formats import FormatError, read_yaml
from stages.shared.section import Classes, Part, Section, Seed
from stages.shared.validation import sentences, shown

AnySection = TypeVar("AnySection", bound=Section)


class ParameterError(UserError):
    """A parameter file cannot be read, or it has an invalid value."""


class ClassNames(Part):
    """The class names of a data set, for stages that need no more of it."""

    classes: Classes


class Seeded(Part):
    """The seed of a recipe, for stages that need no more of it."""

    seed: Seed


class Parameters:
    """The content of a parameter file, each section of which is checked when it is read.

    An unknown, missing, mistyped, non-finite or out-of-range value is refused with its name.

    Args:
        path: of the file.

    Raises:
        ParameterError: there is no such file, or it is not YAML.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._content = read_yaml(path)
        except FormatError as error:
            raise ParameterError(f"{path}: {error}.") from None

    def section(self, kind: type[AnySection], *place: str) -> AnySection:
        """Read and check a section.

        Args:
            kind: what the section must be.
            place: names that lead to it, such as ``recipes``, ``fast``; without any, the file.

        Raises:
            ParameterError: it is missing, or has invalid values, all of which are named.
        """
        value = self._content
        for depth, name in enumerate(place, start=1):
            if not isinstance(value, dict) or name not in value:
                raise ParameterError(f"{self._path}: {'.'.join(place[:depth])} is missing.")
            value = value[name]
        try:
            # Strict validation accepts a list for a tuple only from JSON.
            return kind.model_validate_json(json.dumps(value))
        except ValidationError as error:
            raise ParameterError(f"{self._path}: {sentences(error, place)}.") from None

    def chosen(self, choice: str, kind: type[AnySection], *place: str) -> AnySection:
        """Read and check the data set or the recipe that the file chooses.

        Args:
            choice: ``dataset`` or ``recipe``.
            kind: what the section must be.
            place: names that lead from there to the section; without any, the whole entry.

        Raises:
            ParameterError: as ``section``; or the chosen entry does not exist.
        """
        return self.section(kind, f"{choice}s", self.name(choice), *place)

    def name(self, choice: str) -> str:
        """Return the name of the chosen data set or recipe; see ``chosen``."""
        return self._known(choice, self._value(choice))

    def named(self, choice: str, name: str, kind: type[AnySection]) -> AnySection:
        """Read and check the data set or the recipe of a name; see ``chosen``."""
        return self.section(kind, f"{choice}s", self._known(choice, name))

    def _known(self, choice: str, name: Any) -> str:
        known = self._value(f"{choice}s")
        if not isinstance(name, str) or not isinstance(known, dict) or name not in known:
            names = ", ".join(map(str, known)) if isinstance(known, dict) else "none"
            raise ParameterError(
                f"{self._path}: {choice} must be one of {names}, found {shown(name)}."
            )
        return name

    def _value(self, name: str) -> Any:
        if not isinstance(self._content, dict) or name not in self._content:
            raise ParameterError(f"{self._path}: {name} is missing.")
        return self._content[name]
