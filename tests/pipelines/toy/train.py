"""Sleep as params.yaml requests, write an accuracy that grows with the epochs, and provenance."""

import json
import os
import sys
import time
from pathlib import Path

from ruamel.yaml import YAML

params = YAML(typ="safe", pure=True).load(Path("params.yaml"))
sys.stdout.write(f"working as {os.getpid()}\n")
for epoch in range(params["epochs"]):
    time.sleep(params["seconds"])
    report = {
        "done": epoch + 1,
        "total": params["epochs"],
        "unit": "epoch",
        "values": {"loss": 0.5},
    }
    if path := os.environ.get("PROGRESS_FILE"):
        with Path(path).open("a") as file:
            file.write(f"{json.dumps(report)}\n")
    sys.stderr.write(f"epoch {epoch + 1}/{params['epochs']}: loss 0.5\n")
# A test that puts a file there decides when it may end.
while Path("../hold").exists():
    time.sleep(0.05)
if params["fail"]:
    sys.exit("error: params.yaml requests a failure")
Path("model.txt").write_text(f"{params['recipe']} {params['epochs']} {Path('raw.txt').read_text()}")
metrics = {"test": {"accuracy": params["epochs"] / 10, "recipe": params["recipe"]}}
Path("reports/metrics.json").write_text(json.dumps(metrics))
Path("models").mkdir(exist_ok=True)
Path("models/provenance.json").write_text(json.dumps({"train": {"process": os.getpid()}}))
