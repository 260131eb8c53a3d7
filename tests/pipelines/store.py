"""The toy's objects in DVC's cache and remote: damage them, and have fsck check them."""

import re
from pathlib import Path

from pipelines.dvc.objects import object_path
from tests.helpers import md5, pipelines
from tests.pipelines.in_process import dvc
from tests.pipelines.repositories import Git, run

MODEL = md5(b"fast 2 one\n")
DAMAGED = b"damaged\n"


def fsck(toy: Path, *options: str) -> tuple[int, str]:
    """Check what any commit needs, unless other options are given."""
    done = pipelines(toy, "fsck", *(options or ("--all",)))
    return done.code, done.out + done.err


def damage(store: Path, name: str, content: bytes = DAMAGED) -> None:
    place = object_path(store, name)
    place.chmod(0o644)
    place.write_bytes(content)
    place.chmod(0o444)


def cache(toy: Path) -> Path:
    return toy / ".dvc" / "cache"


def head(git: Git) -> str:
    return git("rev-parse", "HEAD")[:7]


def train(toy: Path, epochs: int) -> None:
    """Commit a model of so many epochs."""
    params = re.sub("epochs: .*", f"epochs: {epochs}", (toy / "params.yaml").read_text())
    (toy / "params.yaml").write_text(params)
    dvc(toy, "repro")
    run(toy, "git", "add", "--all")
    run(toy, "git", "commit", "--quiet", "-m", f"{epochs} epochs")
