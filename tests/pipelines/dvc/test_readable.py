import os
from pathlib import Path

import pytest

from pipelines.dvc.readable import check_readable
from pipelines.dvc.stages import read_stages
from pipelines.errors import PipelineError

# 10 copies of 10 copies of ... of a value, by aliases and by merge keys.
ALIASES = "a0: &a0 [x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 10)
)
MERGES = ALIASES.replace("[x]", "{k: v}").replace("[*", "{<<: [*").replace("]\n", "]}\n")


def test_a_working_copy_is_readable(toy: Path, tmp_path: Path) -> None:
    check_readable(toy)
    check_readable(tmp_path / "none")


@pytest.mark.parametrize("name", ["params.yaml", "dvc.yaml", "dvc.lock", "tuning/dvc.lock"])
@pytest.mark.parametrize("content", [ALIASES, MERGES, "a: b\n" * 300_000, "[" * 100_000, None])
def test_what_dvc_would_wait_for_is_refused_at_once(
    toy: Path, name: str, content: str | None
) -> None:
    path = toy / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    if content is None:
        os.mkfifo(path)
    else:
        path.write_text(content)

    with pytest.raises(PipelineError, match=f"^{name}: expected a") as refused:
        check_readable(toy)

    assert str(refused.value).isprintable()


def test_stages_are_not_read_from_a_pipe(toy: Path) -> None:
    (toy / "params.yaml").unlink()
    os.mkfifo(toy / "params.yaml")

    with pytest.raises(PipelineError, match=r"^params\.yaml: expected a file, found a"):
        read_stages(toy)
