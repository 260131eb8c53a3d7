"""Check whether DVC's cache has the objects that a stage's record names.

DVC succeeds even if an object does not get into its cache, for instance because the disk is full.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dvc.utils.serialize import dump_yaml, parse_yaml_for_update

from pipelines.dvc.folder_list import entries, list_at
from pipelines.dvc.objects import object_path
from pipelines.dvc.outputs import DIRECTORY, Output
from pipelines.errors import DamagedError, PipelineError


def cached_outputs(stages: Iterable[Any]) -> Iterator[Output]:
    """Yield the outputs that DVC's cache must hold, as ``dvc.lock`` records them.

    Args:
        stages: DVC's stage objects.
    """
    for stage in stages:
        for out in stage.outs:
            if out.use_cache and out.hash_info:
                yield Output(path=out.def_path, md5=out.hash_info.value, size=out.meta.size or 0)


def check_done(stages: Iterable[Any], cache: Path) -> None:
    """Check that a cache has what the stages' records name; if not, remove the record.

    Args:
        stages: DVC's stage objects.
        cache: DVC's, the folder that ``dvc cache dir`` names.

    Raises:
        PipelineError: see ``check_committed``; the stage's record is removed.
    """
    for stage in stages:
        try:
            check_committed(stage.name, cached_outputs([stage]), cache)
        except PipelineError:
            remove_record(Path(stage.path).with_name("dvc.lock"), stage.name)
            raise


def remove_record(lock: Path, stage: str) -> None:
    """Remove a stage's record, so that DVC runs the stage again and nobody commits the record.

    On a full disk the file stays unchanged: DVC then finds that its cache lacks the outputs.
    """
    content = parse_yaml_for_update(lock.read_text(), lock)
    del content["stages"][stage]
    new = lock.with_name(f"{lock.name}.new")
    try:
        dump_yaml(new, content)
        new.replace(lock)
    except OSError:
        new.unlink(missing_ok=True)


def check_committed(stage: str, outputs: Iterable[Output], cache: Path) -> None:
    """Check that a cache has every object of outputs, with the recorded number of bytes.

    Args:
        stage: the stage that made the outputs, for error messages.
        outputs: files and folders, as ``dvc.lock`` records them.
        cache: DVC's, the folder that ``dvc cache dir`` names.

    Raises:
        DamagedError: the cache lacks an object, or has a truncated one.
        RecordError: a folder's list is malformed or names a path outside of the folder.
    """
    for output in outputs:
        if found := _missing_content(output, cache):
            raise DamagedError(
                f"stage {stage} ran, but its output is incomplete: expected the {output.size} "
                f"bytes of {output.path} in DVC's cache {cache}, found {found}; free space on that "
                "disk, and run the stage again."
            )


def _missing_content(output: Output, cache: Path) -> str | None:
    """Describe what a cache lacks of an output; return ``None`` if it is complete."""
    place = object_path(cache, output.md5)
    if not place.is_file():
        return "none of them"
    files = [place]
    if output.md5.endswith(DIRECTORY):
        files = [object_path(cache, entry.md5) for entry in entries(output.path, list_at(place))]
    if missing := sum(not file.is_file() for file in files):
        return f"{missing} of {len(files)} files missing"
    size = sum(file.stat().st_size for file in files)
    return None if size == output.size else f"{size}"
