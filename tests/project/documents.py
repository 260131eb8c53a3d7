"""The documentation, and what it is compared with."""

from typing import Any

from ruamel.yaml import YAML

from stages.params.file import read_params
from tests.helpers import ROOT

DOCUMENTS = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
README = DOCUMENTS["README.md"]
PARAMETERS = read_params(ROOT / "params.yaml")
STAGES: dict[str, dict[str, Any]] = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]


def one_line(text: str) -> str:
    """Undo the wrapping, which may part a figure from its words."""
    return " ".join(text.split())
