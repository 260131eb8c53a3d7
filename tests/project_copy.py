"""A copy of this project that runs in seconds."""

import shutil
import subprocess
from pathlib import Path

from tests.helpers import ROOT
from tests.small_mnist import write_small_params

# Enough for every result of the stage handwriting: a digit, one at the edge, and none.
_PICTURES = {"0-lamp-from-a-side.jpg", "7-at-the-edge.jpg", "blank.jpg"}


def copy_project(folder: Path, epochs: int = 2) -> None:
    """Copy the project as it stands here, with small data and nothing that was run before."""
    for name in _files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    write_small_params(folder / "params.yaml", epochs)


def _files() -> list[str]:
    """List the files to copy: those that Git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = [Path(name) for name in listed.stdout.splitlines()]
    return [
        str(path)
        for path in paths
        if (ROOT / path).is_file()
        and path.parts[0] not in {"reports", "tests"}
        and path.name != "dvc.lock"
        and (path.parent != Path("data/handwriting") or path.name in _PICTURES)
    ]
