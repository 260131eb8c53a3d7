from pathlib import Path

from pipelines.dvc.inventory import needs_at
from pipelines.dvc.storage import storage
from pipelines.dvc.store import Store
from tests.pipelines.repositories import commit_folder


def test_remote_is_not_asked_for_lists_that_the_cache_has(toy: Path) -> None:
    commit_folder(toy)
    # DVC has no remote to ask.
    store = Store(toy, storage(toy).model_copy(update={"has_remote": True}))
    names = {need.name for need in needs_at(toy, ["HEAD"])}

    assert [name.endswith(".dir") for name in store.lists(names)] == [True]
