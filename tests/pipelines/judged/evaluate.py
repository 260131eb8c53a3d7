"""Get the first images wrong of 1000, half of which are cats."""

import json
from pathlib import Path

from ruamel.yaml import YAML

wrong = YAML(typ="safe", pure=True).load(Path("params.yaml"))["wrong"]
reports = Path("reports")
reports.mkdir(exist_ok=True)
Path("model.txt").write_text(f"{wrong} wrong\n")
test = {"accuracy": 1 - wrong / 1000, "images": 1000, "calibration_error": 0.05}
(reports / "metrics.json").write_text(json.dumps({"test": test}))
(reports / "classes.csv").write_text(f"class,recall\ncat,{1 - wrong / 500}\ndog,1\n")
(reports / "checks.json").write_text(json.dumps({"success": True, "failed": []}))
rows = "".join(f"{index},0,1\n" for index in range(wrong))
(reports / "misclassified.csv").write_text(f"index,label,predicted\n{rows}")
