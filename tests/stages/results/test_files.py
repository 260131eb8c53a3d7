from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from stages.results import files

ROOT = Path(__file__).parents[3]


def test_every_named_file_is_an_output_of_a_stage() -> None:
    stages: dict[str, Any] = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
    entries = [
        entry
        for stage in stages.values()
        for kind in ("outs", "metrics", "plots")
        for entry in stage.get(kind, [])
    ]
    outputs = {entry if isinstance(entry, str) else next(iter(entry)) for entry in entries}
    named = {value for name, value in vars(files).items() if name.isupper()}

    assert {f"reports/{name}" for name in named} - outputs == set()
