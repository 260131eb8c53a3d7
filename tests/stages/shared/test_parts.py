import os
from pathlib import Path

import pytest

from stages.shared.parts import new_part, parts_below, parts_of, remove_parts


@pytest.mark.parametrize("name", ["model.txt", "[ab]*?.txt", ".hidden"])
def test_only_what_was_to_become_the_file_is_found(tmp_path: Path, name: str) -> None:
    descriptor, part = new_part(tmp_path / name)
    os.close(descriptor)
    for other in ("another", f"{name}.csv", f"a{name}"):
        os.close(new_part(tmp_path / other)[0])
    (tmp_path / name).touch()

    assert part.parent == tmp_path
    assert parts_of(tmp_path / name) == [part]
    assert parts_below(tmp_path) == sorted(tmp_path.glob(".*.part"))

    remove_parts(tmp_path / name)

    assert not part.exists()
    assert len(parts_below(tmp_path)) == 3
