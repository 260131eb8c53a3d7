"""Explain errors of the operating system, such as a full disk, in one sentence."""

import errno
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from stages.shared.errors import UserError

_ACCESS = "give your user access to it (ls -ld shows its owner and mode)"
_MEMORY = "end other programs, or use a machine with more memory"
# What to do, by the code of the error. An error with another code is a bug of the program.
_ADVICE: Mapping[int, str] = {
    errno.ENOSPC: "free space there",
    errno.EDQUOT: "delete some of your files there, or get a larger quota",
    errno.EROFS: "mount that file system so that it can be written",
    errno.EACCES: _ACCESS,
    errno.EPERM: _ACCESS,
    errno.EMFILE: "raise this shell's limit: ulimit -n 4096",
    errno.ENFILE: "end other programs, which have too many files open",
    errno.EIO: "check that disk: dmesg shows its errors",
    errno.EFBIG: "raise this shell's limit: ulimit -f unlimited",
    errno.ENOMEM: _MEMORY,
}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_ONLY_WRITING = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}
_AGAIN = ", and run the command again."


class WriteError(OSError):
    """A file cannot be written. It names the file, which the operating system's errors may not."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise an error of the operating system in the block as ``WriteError`` with the path."""
    try:
        yield
    except OSError as error:
        if error.errno not in _ADVICE or isinstance(error, WriteError):
            raise
        raise WriteError(error.errno, error.strerror, str(path)) from error


def explanation(error: BaseException) -> str | None:
    """Return a sentence about an error of the operating system, or ``None`` for any other error.

    Args:
        error: may be raised from the operating system's error. A ``UserError`` may also be raised
            while that is handled.
    """
    has_sentence = isinstance(error, UserError)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            found = _of_system(cause)
        elif isinstance(cause, MemoryError):
            found = _out_of_memory(str(cause))
        else:
            found = None if has_sentence else _of_library(cause)
        if found:
            return found
        cause = cause.__cause__ or (cause.__context__ if isinstance(cause, UserError) else None)
    return None


def _of_system(error: OSError) -> str | None:
    if isinstance(error, FileNotFoundError) and "temporary directory" in str(error.strerror):
        return (
            "expected a folder for temporary files, found none that can be written: "
            f"{error.strerror}; free space in one of them, or choose another: export TMPDIR=FOLDER."
        )
    if error.errno is None or error.errno not in _ADVICE:
        return None
    name = error.filename2 or error.filename
    path = Path(os.fsdecode(name)) if isinstance(name, str | bytes) else None
    return _sentence(error.errno, path, only_writing=isinstance(error, WriteError))


def _of_library(error: BaseException) -> str | None:
    """Explain an error that quotes the operating system's, as those of TensorFlow do."""
    if not isinstance(error, ImportError) and not _is_of_tensorflow(error):
        return None
    text = " ".join(str(error).split())
    code = next((code for code in _ADVICE if os.strerror(code) in text), None)
    # The loader's own words for a library that does not fit into memory.
    if "failed to map segment from shared object" in text:
        code = errno.ENOMEM
    if code:
        place = re.search(r"(?:^|\s)(/[^;]+); ", text)
        return _sentence(code, Path(place[1]) if place else None)
    if type(error).__name__ == "ResourceExhaustedError":
        return _out_of_memory(text.partition(" [")[0])
    return None


def _is_of_tensorflow(error: BaseException) -> bool:
    # Most programs do not import TensorFlow, which takes seconds.
    return type(error).__module__.partition(".")[0] == "tensorflow"


def _sentence(code: int, path: Path | None, *, only_writing: bool = False) -> str:
    action = "write" if only_writing or code in _ONLY_WRITING else "read or write"
    found = os.strerror(code)
    if code in _FULL:
        places = [path] if path else [Path("a file"), *_temporary()]
        found += ", " + " and ".join(_free(place) for place in places)
    return f"expected to {action} {path or 'a file'}, found: {found}; {_ADVICE[code]}{_AGAIN}"


def _out_of_memory(found: str) -> str:
    return f"expected enough memory, found: {found or 'none left'}; {_MEMORY}{_AGAIN}"


def _temporary() -> list[Path]:
    # It raises an error if no folder for temporary files can be written.
    with suppress(OSError):
        return [Path(tempfile.gettempdir(), "a file")]
    return []


def _free(path: Path) -> str:
    """Return how much is free in the nearest folder above a path that exists."""
    place = path.absolute()
    for folder in place.parents:
        with suppress(OSError):
            found = os.statvfs(folder)
            free = f"{found.f_bavail * found.f_frsize / 1e6:,.1f} MB free at {folder}"
            # Some file systems do not count files.
            full = found.f_files and not found.f_favail
            return f"{free}, but for no more files" if full else free
    return f"unknown free space at {place}"
