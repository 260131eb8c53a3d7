"""Commits of runs of a pipeline whose results are written by hand."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.pipelines.in_process import dvc

HEADER = "index,label,predicted,label_name,predicted_name,confidence,label_probability"
DVC_YAML = """\
metrics: [reports/metrics.json]
stages:
  fetch:
    cmd: "true"
    params: [dataset, datasets.pets.files]
  evaluate:
    cmd: "true"
    params: [datasets.pets.classes, learning_rate]
"""


class RecordedRuns:
    """What a run of a pipeline leaves, written by hand, as commits that are tagged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("reports", "models"):
            (folder / name).mkdir(parents=True)
        (folder / "dvc.yaml").write_text(DVC_YAML)
        self("git", "init", "--quiet", "--initial-branch=main")
        dvc(folder, "init")

    def __call__(self, *command: str) -> None:
        subprocess.run(command, cwd=self.folder, check=True)

    def commit(self, tag: str) -> None:
        self("git", "add", "--all")
        self("git", "commit", "--quiet", "-m", tag)
        self("git", "tag", tag)

    def record(
        self,
        tag: str,
        wrong: Sequence[int],
        learning_rate: float = 0.5,
        cpu: str = "one",
        test_images: str = "a" * 64,
    ) -> None:
        """Record a run in which these images of cats were taken for dogs."""
        files = {"test_images": {"sha256": test_images}, "test_labels": {"sha256": "b" * 64}}
        pets = {"classes": ["cat", "dog"], "files": files}
        params = {"dataset": "pets", "datasets": {"pets": pets}, "learning_rate": learning_rate}
        accuracy = 1 - len(wrong) / 100
        test = {
            "accuracy": accuracy,
            "accuracy_low": accuracy - 0.125,
            "accuracy_high": accuracy + 0.125,
        }
        check = {
            "name": "images",
            "set": "train",
            "description": "",
            "success": True,
            "expected": "9",
            "observed": "9",
            "unexpected_images": None,
            "unexpected_share": None,
            "first_unexpected": [],
        }
        checks = {"success": True, "failed": [], "expectations": [check]}
        for path, content in {
            "params.yaml": params,
            "reports/metrics.json": {"test": test},
            "reports/checks.json": checks,
            "models/provenance.json": {"train": {"cpu": cpu, "threads": 2}},
        }.items():
            (self.folder / path).write_text(json.dumps(content))
        rows = "".join(f"{index},0,1,cat,dog,0.75,0.25\n" for index in wrong)
        (self.folder / "reports/misclassified.csv").write_text(f"{HEADER}\n{rows}")
        (self.folder / "requirements.lock").write_text(f"numpy=={2 if cpu == 'one' else 3}\n")
        dvc(self.folder, "repro")
        self.commit(tag)
