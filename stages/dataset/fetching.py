"""Get the files of a data set from the first sources that have them."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Never

from tqdm import tqdm

from stages.dataset.deadline import within
from stages.dataset.source import Opener, SourceError
from stages.dataset.sources import describe, opened
from stages.dataset.transfer import TransferError, receive
from stages.params.dataset import DataFile, FolderSource, Source
from stages.shared.errors import TemporaryError
from stages.shared.text import printable

CONNECTION_SECONDS = 60
SLOWEST = 50_000
"""Bytes of a file per second: a source that takes longer is given up."""


class FetchError(TemporaryError):
    """No source has all the required files."""


def fetch(files: Mapping[str, DataFile], sources: Sequence[Source], folder: Path) -> None:
    """Get each file from the first source that has it, and show a progress bar.

    One line on standard error says what each source provided or why it was skipped. Each source is
    asked only for files that are still missing.

    Args:
        files: the expected files, by their names in ``folder`` (with ``.idx`` added).
        sources: in the order to try them.
        folder: receives the uncompressed files, each only after it is verified.

    Raises:
        FetchError: a file is in no source; the message gives each source's reason, and explains
            where to put the files by hand.
    """
    missing = dict(files)
    reasons = []
    size = sum(file.bytes for file in files.values())
    with tqdm(total=size, unit="B", unit_scale=True, disable=None) as progress:
        for source in sources:
            if not missing:
                return
            progress.set_description(describe(source))
            wanted = len(missing)
            reason = _fetch_from(source, missing, folder, progress)
            if reason:
                reasons.append(f"{describe(source)}: {reason}")
            if found := wanted - len(missing):
                line = f"got {found} of {len(files)} files from {describe(source)}"
                line += f"; missing: {reason}" if reason else ""
            else:
                line = f"skipped {describe(source)}: {reason}"
            progress.write(line, file=sys.stderr)
    if missing:
        raise FetchError(_message(missing, sources, reasons))


def _fetch_from(
    source: Source, missing: dict[str, DataFile], folder: Path, progress: "tqdm[Never]"
) -> str:
    """Remove from ``missing`` what the source provides; return why the rest failed, or nothing."""
    failures: dict[str, list[str]] = {}
    try:
        with opened(source) as open_file:
            for name, file in tuple(missing.items()):
                reason = _fetch_one(open_file, file, folder / f"{name}.idx", progress)
                if reason:
                    failures.setdefault(reason, []).append(file.name)
                else:
                    del missing[name]
    except SourceError as error:
        return str(error)
    return "; ".join(f"{reason} ({', '.join(names)})" for reason, names in failures.items())


def _fetch_one(open_file: Opener, file: DataFile, target: Path, progress: "tqdm[Never]") -> str:
    verified = progress.n
    seconds = CONNECTION_SECONDS + file.bytes / SLOWEST
    late = f"not the whole file within {seconds:.0f} s"
    try:
        with within(seconds, SourceError(late)), open_file(file.name) as stream:
            receive(stream, file, target, progress.update)
    except (TransferError, SourceError) as error:
        # Discard the progress of a failed file.
        progress.n = verified
        if isinstance(error, SourceError):
            raise
        return str(error)
    return ""


def _message(
    missing: Mapping[str, DataFile], sources: Sequence[Source], reasons: Sequence[str]
) -> str:
    folders = [source.path for source in sources if isinstance(source, FolderSource)]
    where = (
        f"put them into the folder {printable(folders[0])}"
        if folders
        else "put them into a folder and add {kind: folder, path: FOLDER} to sources in params.yaml"
    )
    return "\n".join(
        [
            "no source has all the files of the data set:",
            *(f"  - {reason}" for reason in reasons),
            f"To go on, {where}, uncompressed or with .gz added to the name:",
            *(
                f"  - {file.name} ({file.bytes:,} bytes, SHA-256 {file.sha256}, uncompressed)"
                for file in missing.values()
            ),
        ]
    )
