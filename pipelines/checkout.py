"""A checkout of its own for a run, and the commit that it ends as."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipelines import PROJECT
from pipelines.errors import PipelineError
from pipelines.process import capture
from stages.formats import FormatError, read_file

# Ignored by Git, keyed by what they hold, and worth more when every run has them.
_DOWNLOADS = "data/downloads"
_SHARED = (_DOWNLOADS, "models/checkpoints", "models/scores")
# Of when and where a run trained, not of what came of it.
PROVENANCE = "models/provenance.json"


class Repository:
    """The Git repository in which runs are at home.

    Args:
        folder: anywhere in a working copy of it.

    Raises:
        PipelineError: there is no Git repository.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(git(folder, "rev-parse", "--show-toplevel"))
        common = git(folder, "rev-parse", "--path-format=absolute", "--git-common-dir")
        self.state = Path(common) / "pipeline"
        """What runs keep here: their lock, and checkouts while they last."""

    def commit_of(self, ref: str) -> str:
        """Give the hash of the commit that ``ref`` names; ``PipelineError`` if none does."""
        try:
            name = f"{ref}^{{commit}}"
            return git(self.folder, "rev-parse", "--verify", "--end-of-options", name)
        except PipelineError:
            message = f"expected a commit, branch or tag of this repository, found {ref}"
            if git(self.folder, "rev-parse", "--is-shallow-repository") == "true":
                message += "; the clone is shallow, `git fetch --unshallow` gets what it lacks"
            raise PipelineError(f"{message}.") from None

    def read(self, path: str, ref: str | None) -> str:
        """Give the text of a file as a commit has it or, with no ``ref``, the working copy."""
        if ref is None:
            try:
                return read_file(self.folder / path).decode(errors="replace")
            except (OSError, FormatError) as error:
                raise PipelineError(f"{path}: expected a text file, found: {error}.") from None
        return git(self.folder, "show", f"{self.commit_of(ref)}:{path}")

    @contextmanager
    def checkout(self, commit: str, name: str, *, cold: bool = False) -> Iterator[Path]:
        """Check a commit out while the block runs, beside the working copy that it leaves alone.

        It shares DVC's cache and configuration, downloads and training checkpoints with the working
        copy; a ``cold`` one shares downloads alone, and has an empty cache of its own. Ask for it
        with the lock held: what earlier runs left behind when they were killed is removed first.
        """
        checkouts = self.state / "checkouts"
        shutil.rmtree(checkouts, ignore_errors=True)
        git(self.folder, "worktree", "prune")
        folder = checkouts / name
        git(self.folder, "worktree", "add", "--quiet", "--detach", str(folder), commit)
        try:
            if cold:
                self._share_downloads(folder)
            else:
                self._share(folder)
            yield folder
        finally:
            git(self.folder, "worktree", "remove", "--force", "--force", str(folder))

    def _share(self, folder: Path) -> None:
        program = (sys.executable, "-m", "pipelines.share")
        output(PROJECT, program, str(self.folder), str(folder))
        for name in _SHARED:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
            self._link(folder, name)

    def _share_downloads(self, folder: Path) -> None:
        # A person's own settings may name a cache for all repositories.
        dvc(folder, "cache", "dir", "--local", str(folder / ".dvc" / "cache"))
        # Only read, and each file held to its SHA-256: they cannot change what comes of it.
        if (self.folder / _DOWNLOADS).exists():
            self._link(folder, _DOWNLOADS)

    def _link(self, folder: Path, name: str) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(self.folder / name)


def commit_changes(folder: Path, branch: str, message: str) -> str | None:
    """Commit whatever a run has changed in its checkout, to a new branch.

    Returns:
        The branch that has it: an earlier run's, if that began with the same commit and came to the
        same; or none if nothing has changed.
    """
    for name in _SHARED:
        # Git's rule for a folder of this name does not cover a link.
        (folder / name).unlink(missing_ok=True)
    git(folder, "add", "--all")
    if not git(folder, "status", "--porcelain"):
        return None
    if earlier := _same_as_before(folder):
        return earlier
    # A person's hooks are about a person's commits.
    git(folder, *identity(folder), "-c", "core.hooksPath=", "commit", "--quiet", "-m", message)
    git(folder, "branch", branch)
    return branch


def _same_as_before(folder: Path) -> str | None:
    """Name the branch of an earlier run with the same beginning and end, but for its machine."""
    refs = git(folder, "for-each-ref", "--format=%(refname:short) %(parent)", "refs/heads/runs")
    base = git(folder, "rev-parse", "HEAD")
    compare = ("diff", "--cached", "--name-only")
    for branch, *parents in map(str.split, refs.splitlines()):
        same_base = parents == [base]
        if same_base and not git(folder, *compare, branch, "--", ".", f":!{PROVENANCE}"):
            return branch
    return None


def home_of(folder: Path) -> Path:
    """Give the working copy that a checkout lies beside, or the folder itself if it is no checkout.

    There the relative address of a remote means what it meant when it was set.
    """
    common = Path(git(folder, "rev-parse", "--path-format=absolute", "--git-common-dir"))
    return common.parent if common.name == ".git" else folder


def identity(folder: Path) -> Sequence[str]:
    """Give the options of Git that name an author where it knows none."""
    try:
        git(folder, "var", "GIT_AUTHOR_IDENT")
    except PipelineError:
        return ("-c", "user.name=pipeline", "-c", "user.email=pipeline@localhost")
    return ()


def git(folder: Path, *arguments: str, index: Path | None = None) -> str:
    """Run Git in a folder and give its output; ``PipelineError`` with Git's reason if it fails.

    With an ``index``, that file is used in place of the folder's.
    """
    environment = os.environ | ({"GIT_INDEX_FILE": str(index)} if index else {})
    return output(folder, ("git",), *arguments, environment=environment)


def dvc(folder: Path, *arguments: str) -> str:
    """Run DVC in a folder and give its output; ``PipelineError`` with its reason if it fails.

    It takes longer than Git, and so ends with this process.
    """
    code, said, complaint = capture([sys.executable, "-m", "dvc", *arguments], folder)
    if code:
        raise PipelineError(_reason("dvc", arguments, folder, code, complaint))
    return said.strip()


def output(
    folder: Path,
    program: Sequence[str],
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> str:
    """Run a program in a folder and give what it prints.

    Args:
        folder: to run it in.
        program: its command, of which the last word names it.
        arguments: of the program.
        environment: in place of this process's.
        stdin: what the program reads, in place of this process's.

    Raises:
        PipelineError: it fails; the message has its reason.
    """
    command = [*program, *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise PipelineError(_reason(program[-1], arguments, folder, done.returncode, done.stderr))
    return done.stdout.strip()


def _reason(name: str, arguments: Sequence[str], folder: Path, code: int, complaint: str) -> str:
    reason = " ".join(complaint.split()) or f"exit code {code}"
    return f"{name} {arguments[0]} in {folder}: {reason}"
