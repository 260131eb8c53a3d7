import errno
import importlib
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.shared import artifacts
from stages.shared.command import reporting_errors
from stages.shared.errors import UserError
from stages.shared.os_errors import WriteError, explanation, writing

LISTED = ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EMFILE", "ENFILE", "EIO", "EFBIG"]


def caught(action: Callable[[], object]) -> Exception:
    try:
        action()
    except Exception as error:
        return error
    pytest.fail("nothing was raised")


def fill_the_disk() -> None:
    Path("/dev/full").write_text("a")


@contextmanager
def files_of(size: int) -> Iterator[None]:
    """Refuse this process files of more bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("name", LISTED)
def test_a_listed_error_is_a_sentence_with_the_path_and_what_to_do(
    name: str, tmp_path: Path
) -> None:
    code = getattr(errno, name)
    path = tmp_path / "missing" / "file"

    sentence = explanation(OSError(code, os.strerror(code), str(path)))

    assert sentence
    assert str(path) in sentence
    assert f"found: {os.strerror(code)}" in sentence
    assert sentence.endswith(", and run the command again.")
    assert (f"MB free at {tmp_path};" in sentence) == (name in {"ENOSPC", "EDQUOT"})


@pytest.mark.parametrize(
    "bug",
    [
        FileNotFoundError(errno.ENOENT, "No such file or directory", "file"),
        IsADirectoryError(errno.EISDIR, "Is a directory", "file"),
        OSError("an error of a library"),
        BrokenPipeError(errno.EPIPE, "Broken pipe"),
        KeyError("No space left on device"),
    ],
    ids=repr,
)
def test_a_bug_stays_a_traceback(bug: Exception) -> None:
    assert explanation(bug) is None
    with pytest.raises(type(bug)), reporting_errors():
        raise bug


def test_a_bug_while_an_error_is_handled_stays_a_traceback() -> None:
    def handle() -> None:
        try:
            fill_the_disk()
        except OSError:
            int("a bug")

    assert explanation(caught(handle)) is None


def test_a_full_disk_without_a_name_is_named_by_who_writes(tmp_path: Path) -> None:
    def write() -> None:
        with writing(tmp_path / "file"):
            fill_the_disk()

    error = caught(write)

    assert isinstance(error, WriteError)
    assert f"expected to write {tmp_path}/file, found: No space left" in str(explanation(error))


@pytest.mark.parametrize("write", ["bytes", "array", "tensors", "table"])
def test_what_cannot_be_written_stays_as_it_was(write: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    writers: dict[str, Callable[[], None]] = {
        "bytes": lambda: artifacts.write_bytes(path, bytes(99)),
        "array": lambda: artifacts.write_array(path, np.zeros(10_000)),
        "tensors": lambda: artifacts.write_tensors(path, {"a": np.zeros(99)}),
        "table": lambda: artifacts.write_table(path, pd.DataFrame({"a": range(99)})),
    }

    with files_of(50):
        error = caught(writers[write])

    assert explanation(error) == (
        f"expected to write {path}, found: File too large; raise this shell's limit: ulimit -f "
        "unlimited, and run the command again."
    )
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "old"


def test_the_cause_of_a_users_error_is_explained_instead() -> None:
    def run() -> None:
        try:
            fill_the_disk()
        except OSError:
            raise UserError("run the stage again.") from None

    assert "No space left on device, " in str(explanation(caught(run)))


def test_an_error_is_one_line_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, reporting_errors():
        raise MemoryError("Unable to allocate 7 TiB")

    assert ended.value.code == 1
    assert capsys.readouterr().err == (
        "error: expected enough memory, found: Unable to allocate 7 TiB; end other programs, or "
        "use a machine with more memory, and run the command again.\n"
    )


def test_a_disk_without_a_folder_for_temporary_files_is_explained() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, -1))\n"
        "import tempfile\n"
        "from stages.shared.command import reporting_errors\n"
        "with reporting_errors(): tempfile.TemporaryFile()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stderr.startswith("error: expected a folder for temporary files, found none ")
    assert done.stderr.count("\n") == 1


def test_tensorflow_quotes_the_reason(tmp_path: Path) -> None:
    errors = importlib.import_module("stages.model").tf.errors
    full = f"{{{{node Save}}}} {tmp_path}/a.data; No space left on device [Op:SaveV2]"

    assert f"expected to write {tmp_path}/a.data, found: No space left on device, " in str(
        explanation(errors.ResourceExhaustedError(None, None, full))
    )
    assert "expected enough memory, found: OOM when allocating" in str(
        explanation(errors.ResourceExhaustedError(None, None, "OOM when allocating a tensor"))
    )
    assert explanation(errors.UnknownError(None, None, "another reason")) is None
