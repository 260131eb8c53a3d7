import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.verification.recorded import Record, place, provenance, read_record, recorded

Git = Callable[..., str]

MD5 = "a" * 32


def lock(path: str = "a.txt", md5: str = MD5) -> bytes:
    output = f"{{path: {path}, md5: {md5}, size: 1}}"
    return f"stages: {{s: {{cmd: c, outs: [{output}]}}}}".encode()


def test_outputs_are_read_in_the_order_of_the_stages(toy: Path, git: Git) -> None:
    record = recorded(toy, git("rev-parse", "HEAD"))

    assert record.stages == {"fetch", "train", "report"}
    assert list(record.outputs) == [
        "raw.txt",
        "model.txt",
        "reports/metrics.json",
        "reports/index.html",
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "expected a lock as DVC writes it"),
        (b"{", "expected a YAML file"),
        (b"stages: [a]", "to have records by stage"),
        (b"stages: null", "to have records by stage"),
        (b"stages: {s: null}", "to have records by stage"),
        (b"stages: {s: {outs: null}}", "expected a lock as DVC writes it, found at stages.s.outs"),
        (
            b"stages: {s: {outs: [null]}}",
            "expected a lock as DVC writes it, found at stages.s.outs.0",
        ),
        (b"stages: {s: {}, s: {}}", "expected a YAML file"),
        (b"[" * 100_000, "expected a YAML file, found values nested more than 64 deep"),
        (lock(md5="../../etc/passwd"), "expected a lock as DVC writes it"),
        (lock().replace(b"size: 1", b"size: -1"), "expected a lock as DVC writes it"),
        (lock().replace(b"size: 1", b"size: true"), "expected a lock as DVC writes it"),
        (
            lock().replace(
                b"stages: {",
                b"stages: {t: {outs: [{path: a.txt, md5: %s, size: 1}]}, " % MD5.encode(),
            ),
            "each once, found a.txt",
        ),
        (lock(path="../outside"), "within the repository, each once, found ../outside"),
        (lock(path="/outside"), "within the repository, each once, found /outside"),
    ],
)
def test_record_that_dvc_did_not_write_is_rejected(content: bytes, expected: str) -> None:
    with pytest.raises(PipelineError, match=expected):
        read_record(content, "dvc.lock")


@pytest.mark.parametrize("content", [b"{", b"[]", b"null", b'{"train": 1}', b'{"a": {}, "a": {}}'])
def test_invalid_provenance_is_rejected(content: bytes) -> None:
    record = Record(frozenset(), {})
    assert provenance(None, record) == {}
    with pytest.raises(PipelineError, match=r"^models/provenance\.json: expected .*found"):
        provenance(content, record)


def test_content_comes_from_git_or_the_cache_or_the_remote(
    toy: Path, git: Git, tmp_path: Path
) -> None:
    outputs = recorded(toy, "HEAD").outputs
    commit = git("rev-parse", "HEAD")

    found = place(toy, commit, outputs["reports/index.html"], tmp_path / "git")
    assert found.read_text() == "fast 2 one\n"
    found = place(toy, commit, outputs["model.txt"], tmp_path / "cache")
    assert found.read_text() == "fast 2 one\n"

    dvc = ["dvc", "remote", "add", "--quiet", "--local", "--default", "storage"]
    subprocess.run([*dvc, str(tmp_path / "storage")], cwd=toy, check=True)
    (toy / ".dvc" / "cache").rename(tmp_path / "storage")
    found = place(toy, commit, outputs["model.txt"], tmp_path / "remote")
    assert found.read_text() == "fast 2 one\n"
