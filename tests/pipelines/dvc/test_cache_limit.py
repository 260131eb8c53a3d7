import os
from pathlib import Path

import pytest

from pipelines.dvc.cache_limit import CachedObject, keep_within, mark_used, over_limit, read_budget
from pipelines.errors import PipelineError


def kept(name: str, size: int, used: float) -> CachedObject:
    return CachedObject(name, Path(name), size, used)


def test_least_recently_used_objects_are_removed_first() -> None:
    objects = [kept("new", 40, 3), kept("old", 40, 1), kept("middle", 40, 2)]
    assert [gone.name for gone in over_limit(80, objects, ())] == ["old"]
    assert [gone.name for gone in over_limit(79, objects, ())] == ["old", "middle"]


def test_nothing_is_removed_within_the_budget() -> None:
    assert over_limit(80, [kept("a", 40, 1), kept("b", 40, 2)], ()) == []


def test_needed_objects_are_kept_even_above_the_budget() -> None:
    objects = [kept("needed", 100, 1), kept("other", 10, 2)]
    assert [gone.name for gone in over_limit(50, objects, {"needed"})] == ["other"]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Three objects of 10 bytes, read-only as DVC has them, each used a second after the other."""
    for second, name in enumerate(["aa11", "bb22", "cc33.dir"]):
        place = tmp_path / "files" / "md5" / name[:2] / name[2:]
        place.parent.mkdir(parents=True)
        place.write_bytes(bytes(10))
        place.chmod(0o444)
        os.utime(place, (second, second))
    return tmp_path


def names(cache: Path) -> list[str]:
    return sorted(path.parent.name + path.name for path in cache.rglob("*") if path.is_file())


def test_cache_is_kept_within_its_budget(cache: Path) -> None:
    assert keep_within(15, cache, {"aa11"}) == 20
    assert names(cache) == ["aa11"]


def test_used_object_is_removed_last(cache: Path) -> None:
    mark_used([cache / "files" / "md5" / "aa" / "11"])
    assert keep_within(20, cache, ()) == 10
    assert names(cache) == ["aa11", "cc33.dir"]


def test_object_that_another_clone_has_removed_is_passed_over(cache: Path) -> None:
    mark_used([cache / "files" / "md5" / "dd" / "44"])
    # Listed, but without a size: it vanished in between.
    (cache / "files" / "md5" / "aa" / "22").symlink_to("absent")
    assert keep_within(20, cache, ()) == 10


def test_nothing_is_removed_without_a_budget(cache: Path) -> None:
    assert keep_within(None, cache, ()) == 0
    assert len(names(cache)) == 3


def test_budget_is_read_in_gigabytes() -> None:
    assert read_budget({}) is None
    assert read_budget({"PIPELINE_CACHE_GIGABYTES": "0.5"}) == 500_000_000


@pytest.mark.parametrize("output", ["much", "0", "-1", "nan", "inf"])
def test_budget_that_is_not_a_positive_number_is_rejected(output: str) -> None:
    with pytest.raises(
        PipelineError, match=f"expected a number of gigabytes above 0, found '{output}'"
    ):
        read_budget({"PIPELINE_CACHE_GIGABYTES": output})
