"""The files that a gate reads, read as if a run had just written them."""

from collections.abc import Mapping
from typing import Any

from pipelines.dvc.lock_record import LOCK
from pipelines.promotion.results import Results, read_results
from tests.helpers import md5

Contents = dict[str, bytes]


def read(contents: Mapping[str, bytes], **parts: Any) -> Results:
    """Read results as if a run had written just these; parts of ``dvc.lock`` may be others."""
    contents = {**contents, LOCK: parts.pop("lock", record(contents, **parts))}
    return read_results(contents.get, "here")


def record(contents: Mapping[str, bytes], **parts: Any) -> bytes:
    """Write a ``dvc.lock`` that records these contents."""
    names = parts.get("classes", [str(number) for number in range(10)])
    outs = "".join(
        f"    - {{path: {path}, md5: {md5(content)}, size: {len(content)}}}\n"
        for path, content in contents.items()
    )
    files = {f"test_{kind}": {"sha256": "a" * 64} for kind in ("images", "labels")}
    return (
        "schema: '2.0'\nstages:\n"
        "  fetch:\n    params:\n      params.yaml:\n        dataset: mnist\n"
        f"        datasets.mnist.files: {files}\n"
        f"  evaluate:\n    params:\n      params.yaml:\n        datasets.mnist.classes: {names}\n"
        f"    outs:\n{outs}"
    ).encode()
