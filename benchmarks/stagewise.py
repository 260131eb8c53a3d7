"""Run what `dvc repro` would run in the working directory, and write the seconds of each stage.

``python -m benchmarks.stagewise FILE`` writes a JSON object by stage, without those that were up to
date.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from dvc.repo import Repo
from dvc.stage import Stage


def main(file: Path) -> None:
    """Run the stages, each after those that it depends on."""
    seconds: dict[str, float] = {}

    def reproduce(stage: Stage, **options: Any) -> Stage | None:
        begin = time.perf_counter()
        reproduced = stage.reproduce(**options)
        if reproduced:
            stage.dump(update_pipeline=False)
            seconds[stage.addressing] = time.perf_counter() - begin
        return reproduced

    with Repo() as repo:
        repo.reproduce(repro_fn=reproduce)
    file.write_text(json.dumps(seconds))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
