"""Results whose dvc.lock or provenance is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipelines.errors import RecordError
from pipelines.workers.schema import LARGEST_IN_GIT, LARGEST_OUTPUT, MOST_FILES
from tests.pipelines.workers.scene import Scene

Change = Callable[[dict[str, Any]], object]


def put(place: str, value: Any) -> Change:
    """Set the value at a place such as ``outs/0/size``."""

    def change(record: Any) -> None:
        *sections, last = [int(name) if name.isdecimal() else name for name in place.split("/")]
        for name in sections:
            record = record[name]
        record[last] = value

    return change


def remove(*names: str) -> Change:
    """Remove values of the model's record."""
    return lambda record: [record["outs"][0].pop(name) for name in names]


def repeat(place: str) -> Change:
    """Repeat the first of a list."""
    return lambda record: record[place].append(dict(record[place][0]))


def reverse(place: str) -> Change:
    return lambda record: record[place].reverse()


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        ("cmd", "true", "cmd: expected python train.py, found true"),
        ("cmd", ["python train.py"], "cmd: expected python train.py, found "),
        ("cmd", "\x1b[2J\n", r"cmd: expected python train.py, found \\x1b"),
        ("deps/0/md5", "0" * 32, "deps: raw.txt: expected .*, found .*0000"),
        ("deps/0/size", 4.0, "deps: raw.txt: expected .*, found .*4.0"),
        ("deps/0/isexec", True, "deps: raw.txt: expected .*, found .*isexec"),
        ("deps/0/cloud", {"s3": {"etag": "a"}}, "deps: raw.txt: expected .*, found .*cloud"),
        ("deps", [], "deps: raw.txt: expected .*, found nothing"),
        ("params/params.yaml/epochs", 4, "params.yaml: epochs: expected 3, found 4"),
        ("params/params.yaml/epochs", 3.0, "params.yaml: epochs: expected 3, found 3.0"),
        ("params/params.yaml/fail", 0, "params.yaml: fail: expected False, found 0"),
        ("params/params.yaml/more", 0, "params.yaml: more: expected nothing, found 0"),
        ("params/params.yaml/more", None, "params.yaml: more: expected nothing, found None"),
        ("params/more.yaml", {}, "more.yaml: expected nothing, found {}"),
        ("params/more.yaml", {"a": 0}, "more.yaml: a: expected nothing, found 0"),
        ("outs", [], "expected the outputs .*, found none"),
        ("outs/0/path", "../model.txt", r"expected the outputs .*, found \.\./model\.txt"),
        ("outs/0/path", "model.txt\n", r"expected the outputs .*, found model\.txt\\n"),
        ("outs/1/size", LARGEST_IN_GIT + 1, "an output in Git, to have at most 16777216 bytes"),
    ],
)
def test_record_that_differs_from_the_request_is_rejected(
    scene: Scene, place: str, value: object, sentence: str
) -> None:
    scene.change_record(put(place, value))
    scene.answer_again()
    scene.check_refused(RecordError, sentence)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        *((put(name, None), name) for name in ("cmd", "deps", "params", "outs")),
        *((put(name, 3), name) for name in ("cmd", "deps", "params", "outs")),
        *((put(name, {"a": {}}), name) for name in ("cmd", "deps", "outs")),
        *((put(name, [None]), name) for name in ("cmd", "deps", "params", "outs")),
        *((put(name, [[]]), name) for name in ("cmd", "deps", "params", "outs")),
        (lambda record: record.pop("cmd"), "cmd is missing"),
        (put("desc", "a"), "desc is unknown"),
        (put("deps", [{}]), "must have a path"),
        (put("deps/0/path", None), "must have a path"),
        (repeat("deps"), "must have each dependency once"),
        (reverse("deps"), "must have deps and outs in order of their paths"),
        (reverse("outs"), "must have deps and outs in order of their paths"),
        (put("params/params.yaml", None), "params.params.yaml"),
        (put("params/params.yaml", [1]), "params.params.yaml"),
        (put("outs/0/isexec", True), "isexec is unknown"),
        (put("outs/0/cloud", {"s3": {"etag": "a"}}), "cloud is unknown"),
        (put("outs/0/files", []), "files is unknown"),
        (put("outs/0/version_id", "a"), "version_id is unknown"),
        (put("outs/0/hash", "sha256"), "hash must be 'md5', found"),
        (put("outs/0/hash", None), "hash must be 'md5', found"),
        (remove("hash"), "hash is missing"),
        (remove("path"), "path is missing"),
        (remove("md5"), "md5 is missing"),
        (remove("size"), "size is missing"),
        (put("outs/0/md5", "../../../model"), "md5 must match"),
        (put("outs/0/md5", "A" * 32), "md5 must match"),
        (put("outs/0/md5", "0" * 32 + ".dir"), "must have nfiles exactly if it is a folder"),
        (put("outs/0/nfiles", 1), "must have nfiles exactly if it is a folder"),
        (put("outs/0/nfiles", MOST_FILES + 1), "nfiles must be less than or equal to 10000"),
        (put("outs/0/size", -1), "size must be"),
        (put("outs/0/size", True), "size must be"),
        (put("outs/0/size", 11.0), "size must be"),
        (put("outs/0/size", "11"), "size must be"),
        (put("outs/0/size", LARGEST_OUTPUT + 1), "size must be less than or equal to 687194"),
        (put("outs/0/path", ""), "path must have a length of at least 1"),
        (put("outs/0/path", 3), "path must be"),
    ],
)
def test_record_that_dvc_did_not_write_is_rejected(
    scene: Scene, change: Change, found: str
) -> None:
    scene.change_record(change)
    scene.answer_again()
    scene.check_refused(RecordError, f"expected a record as DVC writes it, found that .*{found}")


def test_output_that_is_recorded_twice_is_rejected(scene: Scene) -> None:
    scene.change_record(lambda record: record["outs"].insert(0, dict(record["outs"][0])))
    scene.answer_again()
    scene.check_refused(RecordError, "expected the outputs .*, found .*model.txt, .*model.txt")


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        ("schema", 2.0, "expected schema of dvc.lock to be unchanged"),
        ("schema", None, "expected schema of dvc.lock to be unchanged"),
        ("cloud", {}, "expected cloud of dvc.lock to be unchanged"),
        ("files", None, "expected files of dvc.lock to be unchanged"),
        ("datasets", [], "expected datasets of dvc.lock to be unchanged"),
        ("stages/more", {"cmd": "true"}, "expected stage more of dvc.lock to be unchanged"),
        ("stages/report/outs/0/isexec", True, "expected stage report of dvc.lock to be unch"),
        ("stages/report/deps/0/size", 11.0, "expected stage report of dvc.lock to be unchanged"),
        ("stages", None, "expected dvc.lock of .* to have records by stage, found none"),
        ("stages", [], "expected dvc.lock of .* to have records by stage, found none"),
        ("stages", 3, "expected dvc.lock of .* to have records by stage, found none"),
        ("stages/report", None, "expected dvc.lock of .* to have records by stage, found none"),
    ],
)
def test_change_elsewhere_in_the_lock_is_rejected(
    scene: Scene, place: str, value: object, sentence: str
) -> None:
    scene.change_lock(put(place, value))
    scene.answer_again()
    scene.check_refused(RecordError, sentence)


def test_lock_without_the_record_is_rejected(scene: Scene) -> None:
    scene.change_lock(lambda lock: lock["stages"].pop("train"))
    scene.answer_again()
    scene.check_refused(RecordError, "expected a record of it in dvc.lock, found none")


_MERGES = [f"a{n + 1}: &a{n + 1} {{<<: [*a{n}, *a{n}, *a{n}, *a{n}]}}" for n in range(30)]
_ALIASES = [f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}, *a{n}, *a{n}]" for n in range(30)]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"3",
        b"stages: 3",
        b"stages: {train: null}",
        b"stages: {train: [cmd]}",
        b"stages: {}\nstages: {}",
        b"stages: {}\n---\nstages: {}",
        b"!!python/object/apply:os.getpid []",
        b"&a [*a]",
        b"[" * 2000,
        b"stages: {train: {cmd: " + b"[" * 2000 + b"]" * 2000 + b"}}",
        b"[" * 60_000,
        b"stages: {a\xff: {}}",
        b"stages: {a\0: {}}",
        b"\xef\xbb\xbfstages: {}",
        "\n".join(["a0: &a0 {b: c}", *_MERGES]).encode(),
        "\n".join(["a0: &a0 [b]", *_ALIASES]).encode(),
    ],
    ids=str,
)
def test_invalid_lock_is_rejected(scene: Scene, text: bytes) -> None:
    (scene.worker / "dvc.lock").write_bytes(text)
    scene.answer_again()
    scene.check_refused(RecordError, "dvc.lock")


def test_lock_that_is_larger_than_the_request_explains_is_not_read(scene: Scene) -> None:
    with (scene.worker / "dvc.lock").open("a") as lock:
        lock.write("#" * 100_000)
    scene.answer_again()
    scene.check_refused(RecordError, r"dvc\.lock to have at most \d{5} bytes, found 10\d{4}")


def test_record_in_another_notation_is_accepted(scene: Scene) -> None:
    """A lock is compared by its content: another version of DVC may break lines elsewhere."""
    content = scene.lock()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = True
    yaml.dump(content, scene.worker / "dvc.lock")
    scene.answer_again()
    assert scene.accept_result()


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"train": 1}', "[" * 2000, '{"a":' * 2000, '{"train": {"a": NaN}}', '{"a": {}} 1'],
)
def test_unreadable_provenance_is_rejected(scene: Scene, text: str) -> None:
    (scene.worker / "models" / "provenance.json").write_text(text)
    scene.answer_again()
    scene.check_refused(RecordError, r"models/provenance\.json: expected .* nothing was accepted")


def test_provenance_that_is_larger_than_one_more_entry_is_not_read(scene: Scene) -> None:
    (scene.worker / "models" / "provenance.json").write_bytes(bytes(100_000))
    scene.answer_again()
    scene.check_refused(RecordError, r"provenance\.json to have at most 65\d{3} bytes, found 1")
