"""Results whose objects in DVC's remote are refused."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.errors import DamagedError, PipelineError, RecordError
from tests.helpers import md5
from tests.pipelines.workers.scene import Scene

EMPTY = md5(b"")


def pipe(place: Path) -> None:
    os.mkfifo(place)


def huge(place: Path) -> None:
    place.touch()
    os.truncate(place, 20 << 30)


def folder(place: Path) -> None:
    (place / "a").mkdir(parents=True)


def link_to_itself(place: Path) -> None:
    place.symlink_to(place)


def link_to_device(place: Path) -> None:
    place.symlink_to("/dev/zero")


def link_to_file(place: Path) -> None:
    (place.parent / "other").write_text("fast 3 one\n")
    place.symlink_to("other")


def folder_of(*names: str) -> bytes:
    return json.dumps([{"md5": EMPTY, "relpath": name} for name in names]).encode()


_KINDS = [
    (pipe, "expected the object .* to be a regular file, found one of the kind other"),
    (folder, "expected the object .* to be a regular file, found one of the kind directory"),
    (link_to_device, "expected the object .* to be a regular file, found one of the kind link"),
    (link_to_file, "expected the object .* to be a regular file, found one of the kind link"),
    (link_to_itself, "DVC's remote store: .*symbolic links"),
    (huge, r"expected at most \d+ bytes in 1 objects, found 214748\d+, the largest is"),
]


@pytest.mark.parametrize(("make", "sentence"), _KINDS)
def test_object_that_is_not_a_file_of_the_recorded_size_is_not_read(
    scene: Scene, make: Callable[[Path], None], sentence: str
) -> None:
    scene.stored().unlink()
    make(scene.stored())
    scene.check_refused(PipelineError, sentence)


@pytest.mark.parametrize(("make", "sentence"), _KINDS)
def test_list_that_is_not_a_small_file_is_not_read(
    scene: Scene, make: Callable[[Path], None], sentence: str
) -> None:
    name = scene.answer_with_list(folder_of("a"), [(EMPTY, b"")])
    scene.stored(name).unlink()
    make(scene.stored(name))
    scene.check_refused(PipelineError, sentence)


@pytest.mark.parametrize(("make", "sentence"), _KINDS)
def test_file_of_a_folder_that_is_not_a_file_of_the_recorded_size_is_not_read(
    scene: Scene, make: Callable[[Path], None], sentence: str
) -> None:
    scene.answer_with_list(folder_of("a"), [(EMPTY, b"")])
    scene.stored(EMPTY).unlink()
    make(scene.stored(EMPTY))
    scene.check_refused(PipelineError, sentence)


def test_object_of_another_size_than_recorded_is_rejected(scene: Scene) -> None:
    scene.change_record(lambda record: record["outs"][0].update(size=12))
    scene.answer_again()
    scene.check_refused(RecordError, "model.txt is rejected: expected .* 12 bytes, found .* 11 byt")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (folder_of("a", "a"), "expected each file of model.txt once, found a twice"),
        (folder_of("a", "a/b"), "expected a file or a folder at a in model.txt, found both"),
        (folder_of("a", "a.b", "a/b"), "expected a file or a folder at a in model.txt, found both"),
        (folder_of("b", "a"), "expected a list .* found another order or form"),
        (folder_of("a").replace(b"}", b', "isexec": true}'), "expected a list .*, found Extra"),
        (folder_of("a").replace(b"[", b"[\n"), "expected a list .*, found another order or form"),
        *(
            (folder_of(name), "expected files within model.txt, found one at")
            for name in (".git", "a/", "..", "./a", "a//b", "")
        ),
        (folder_of(".git/hooks/x"), "expected files within model.txt, found one at .git/hooks/x"),
        (folder_of("a/.Git/config"), "expected files within model.txt, found one at a/.Git/config"),
        (folder_of("../dvc.yaml"), "expected files within model.txt, found one at ../dvc.yaml"),
        (folder_of("/etc/x"), "expected files within model.txt, found one at /etc/x"),
        (folder_of("a\0"), r"expected files within model.txt, found one at a\\x00"),
        (folder_of("\x1b[2J"), r"expected files within model.txt, found one at \\x1b"),
        (folder_of("a" * 256), "expected files within model.txt, found one at aaa"),
        (folder_of("a/" * 600 + "a"), "expected files within model.txt, found one at a/a"),
        (folder_of("\ud800"), "expected a list of the files of model.txt, found"),
        (b"[" * 2000, "expected a list of the files of model.txt, found"),
        (b"[null]", "expected a list of the files of model.txt, found"),
        (b"{}", "expected a list of the files of model.txt, found"),
        (b"", "expected a list of the files of model.txt, found"),
        (b"\xff", "expected a list of the files of model.txt, found"),
        (folder_of("a", "b"), "expected the 1 files that dvc.lock records, found 2"),
        (b"[]", "expected the 1 files that dvc.lock records, found 0"),
        (b"[" + b" " * 100_000 + b"]", "expected at most 66048 bytes in 1 objects, found 100002"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_list_that_dvc_did_not_write_is_rejected(
    scene: Scene, content: bytes, sentence: str
) -> None:
    scene.answer_with_list(content, [(EMPTY, b"")])
    scene.check_refused(PipelineError, sentence)


def test_files_of_a_folder_are_not_downloaded_if_they_are_larger_than_recorded(
    scene: Scene,
) -> None:
    files = [(md5(content), content) for content in (b"1", b"22")]
    listed = [{"md5": name, "relpath": f"{n}"} for n, (name, _) in enumerate(files)]
    scene.answer_with_list(json.dumps(listed).encode(), files)
    scene.stored(files[0][0]).write_bytes(bytes(1000))
    scene.check_refused(PipelineError, "expected at most 3 bytes in 2 objects, found 1002")


def test_missing_file_of_a_folder_is_rejected(scene: Scene) -> None:
    scene.answer_with_list(folder_of("a"), [(EMPTY, b"")])
    scene.stored(EMPTY).unlink()
    scene.check_refused(DamagedError, f"expected the object {EMPTY} in DVC's remote, found none")
