import os
from pathlib import Path

import pytest

from stages.training.memory import memory

MACHINE = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def limited(folder: Path, own: str, **limits: str) -> int:
    """Lay out control groups as Linux shows them: limits by the path of their file."""
    (folder / "own").write_text(own)
    for path, limit in limits.items():
        file = folder / "groups" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(limit)
    return memory(folder / "groups", folder / "own")


@pytest.mark.parametrize(
    ("own", "limits", "expected"),
    [
        ("0::/\n", {"memory.max": "1048576\n"}, 1 << 20),
        ("0::/a/b\n", {"a/b/memory.max": "max\n", "a/memory.max": "4096\n"}, 4096),
        ("0::/a/b\n", {"a/b/memory.max": "4096\n", "a/memory.max": "8192\n"}, 4096),
        ("3:cpu:/\n2:memory:/a\n", {"memory/a/memory.limit_in_bytes": "4096\n"}, 4096),
        # The group as the machine names it, which a container does not show.
        ("0::/docker/1\n", {"memory.max": "4096\n"}, 4096),
        ("0::/a\n", {"a/memory.max": "max\n"}, MACHINE),
        ("0::/a\n", {"a/memory.max": f"{1 << 60}\n"}, MACHINE),
        ("3:cpu:/a\n", {"memory/a/memory.limit_in_bytes": "4096\n"}, MACHINE),
        ("", {}, MACHINE),
    ],
)
def test_the_memory_is_the_least_limit(
    own: str, limits: dict[str, str], expected: int, tmp_path: Path
) -> None:
    assert limited(tmp_path, own, **limits) == expected


def test_a_machine_without_control_groups_has_its_own_memory(tmp_path: Path) -> None:
    assert memory(tmp_path, tmp_path / "own") == MACHINE


def test_this_process_has_some_memory() -> None:
    assert 0 < memory() <= MACHINE
