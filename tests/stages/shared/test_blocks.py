from pathlib import Path

import numpy as np
import psutil
import pytest

from stages.shared import blocks
from stages.shared.blocks import BLOCK_BYTES


@pytest.mark.parametrize(("rows", "size"), [(0, 1), (1, 1), (6, 2), (7, 1), (7, 100)])
def test_blocks_are_all_rows_in_order_and_not_too_large(
    rows: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 6)
    array = np.arange(rows * size, dtype=np.uint8).reshape(rows, size)

    found = [array[block] for block in blocks.blocks(array)]

    np.testing.assert_array_equal(np.concatenate([array[:0], *found]), array)
    assert all(part.nbytes <= max(6, size) for part in found)


def test_rows_of_another_number_are_divided_alike() -> None:
    images = np.zeros((3, 28, 28), np.uint8)

    found = list(blocks.blocks(images, 5000))

    assert found == [slice(0, 4096), slice(4096, 5000)]
    assert 4096 * images[0].nbytes == BLOCK_BYTES


def test_reading_a_large_mapped_file_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(1 << 28)
    array = np.memmap(path, np.uint8, "r", shape=(1 << 18, 1 << 10))
    before = psutil.Process().memory_info().rss

    peak = before
    for block in blocks.blocks(array):
        assert not array[block].any()
        peak = max(peak, psutil.Process().memory_info().rss)

    assert peak - before < 1 << 26
    assert not array[-1].any()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_extremes_are_those_of_all_blocks(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 6)
    array = np.array([[7, 3], [2, 9], [100, 5], [5, 4]], dtype)

    assert blocks.extremes(array) == (2, 100)
