"""A Git repository: its commits, the worktree of a run, and the commit that a run makes."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipelines import PROVENANCE
from pipelines.errors import PipelineError
from pipelines.git.command import git
from stages.formats import FormatError, read_file

SHARED = ("data/downloads", "models/checkpoints", "models/scores")
"""Folders that Git ignores and a worktree shares by a link: their files are keyed by content."""


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
    def worktree(self, commit: str, name: str) -> Iterator[Path]:
        """Check a commit out into a worktree while the block runs; the working copy is untouched.

        Call it with the repository's lock held: worktrees that killed runs left behind are removed
        first.
        """
        worktrees = self.state / "checkouts"
        shutil.rmtree(worktrees, ignore_errors=True)
        git(self.folder, "worktree", "prune")
        folder = worktrees / name
        git(self.folder, "worktree", "add", "--quiet", "--detach", str(folder), commit)
        try:
            yield folder
        finally:
            git(self.folder, "worktree", "remove", "--force", "--force", str(folder))


def commit_changes(folder: Path, branch: str, message: str) -> str | None:
    """Commit whatever a run has changed in its checkout, to a new branch.

    Returns:
        The branch that has it: an earlier run's, if that began with the same commit and came to the
        same; or none if nothing has changed.
    """
    for name in SHARED:
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
