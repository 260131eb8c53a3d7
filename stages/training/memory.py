"""Find how much memory this process may take."""

import os
from collections.abc import Iterator
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")


def memory(groups: Path = _GROUPS, own_groups: Path = _OWN_GROUPS) -> int:
    """Return the memory of the machine in bytes, or the limit of a container if that is less.

    Containers are control groups of Linux; cgroups(7) and "Control Group v2" of its documentation
    define the files.

    Args:
        groups: where the control groups are mounted.
        own_groups: the file that lists those of this process.
    """
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *_limits(groups, own_groups)])


def _limits(groups: Path, own_groups: Path) -> Iterator[int]:
    lines = own_groups.read_text().splitlines() if own_groups.is_file() else []
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if not controllers:
            folder, file = groups, "memory.max"
        elif "memory" in controllers.split(","):
            folder, file = groups / "memory", "memory.limit_in_bytes"
        else:
            continue
        group = folder / name.lstrip("/")
        # A group cannot take more than the groups around it.
        for place in (group, *group.parents):
            limit = place / file
            if place.is_relative_to(folder) and limit.is_file():
                content = limit.read_text().strip()
                yield from [int(content)] if content.isdecimal() else []
