"""Read a Git repository, create a worktree for a run, and commit the run's changes."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipelines import PROVENANCE
from pipelines.errors import PipelineError
from pipelines.git.command import git
from stages.shared.formats import FormatError, read_file

SHARED = ("data/downloads", "models/checkpoints", "models/scores")
"""Folders that Git ignores and worktrees link to; their files are keyed by content."""


class Repository:
    """The Git repository that runs work in.

    Args:
        folder: anywhere in a working copy of it.

    Raises:
        PipelineError: there is no Git repository, or the project is in a subfolder of a larger one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(git(folder, "rev-parse", "--show-toplevel"))
        self._check_is_project(folder)
        common = git(folder, "rev-parse", "--path-format=absolute", "--git-common-dir")
        self.state = Path(common) / "pipeline"
        """The folder for the lock of runs and for their worktrees."""
        if not self.state.exists():
            self.state.mkdir(exist_ok=True)
            # A group that shares the repository also shares this.
            self.state.chmod(Path(common).stat().st_mode)

    def _check_is_project(self, folder: Path) -> None:
        place = folder.resolve()
        project = next((one for one in (place, *place.parents) if (one / ".dvc").is_dir()), None)
        if project and project != self.folder.resolve() and project.is_relative_to(self.folder):
            raise PipelineError(
                f"expected the project at the top of its Git repository, found {project} within "
                f"{self.folder}; give it a repository of its own: git init {project}."
            )

    def commit_of(self, ref: str) -> str:
        """Return the hash of the commit that ``ref`` names; ``PipelineError`` if none does."""
        try:
            name = f"{ref}^{{commit}}"
            return git(self.folder, "rev-parse", "--verify", "--end-of-options", name)
        except PipelineError:
            message = f"expected a commit, branch or tag of this repository, found {ref}"
            if git(self.folder, "rev-parse", "--is-shallow-repository") == "true":
                message += "; the clone is shallow, `git fetch --unshallow` fetches the rest"
            raise PipelineError(f"{message}.") from None

    def read(self, path: str, ref: str | None) -> str:
        """Return the text of a file at a commit or, without a ``ref``, in the working copy."""
        if ref is None:
            try:
                return read_file(self.folder / path).decode(errors="replace")
            except (OSError, FormatError) as error:
                raise PipelineError(f"{path}: expected a text file, found: {error}.") from None
        return git(self.folder, "show", f"{self.commit_of(ref)}:{path}")

    @contextmanager
    def worktree(self, commit: str, name: str) -> Iterator[Path]:
        """Check out a commit into a worktree while the block runs; the working copy is untouched.

        Hold the repository's lock when you call this: it first removes worktrees that killed runs
        left behind.
        """
        worktrees = self.state / "worktrees"
        self._remove_worktrees(worktrees)
        folder = worktrees / name
        git(self.folder, "worktree", "add", "--quiet", "--detach", str(folder), commit)
        try:
            yield folder
        finally:
            git(self.folder, "worktree", "remove", "--force", "--force", str(folder))

    def _remove_worktrees(self, below: Path) -> None:
        # `git worktree prune` would also forget the user's own ones on disks that are not mounted.
        listed = git(self.folder, "worktree", "list", "--porcelain").splitlines()
        folders = [
            line.removeprefix("worktree ") for line in listed if line.startswith("worktree ")
        ]
        for folder in folders:
            if Path(folder).is_relative_to(below):
                git(self.folder, "worktree", "remove", "--force", "--force", folder)
        shutil.rmtree(below, ignore_errors=True)


def commit_changes(folder: Path, branch: str, message: str) -> str | None:
    """Commit everything that a run has changed in its worktree to a new branch.

    Returns:
        The branch with the commit. This is an earlier run's branch if that run began with the same
        commit and produced the same files. ``None`` if nothing has changed.
    """
    for name in SHARED:
        # These are links, and Git's ignore pattern for a folder does not match a link.
        (folder / name).unlink(missing_ok=True)
    git(folder, "add", "--all")
    if not git(folder, "status", "--porcelain"):
        return None
    if earlier := _same_as_before(folder):
        return earlier
    git(folder, *identity(folder), "commit", "--quiet", "--no-gpg-sign", "-m", message)
    git(folder, "branch", branch)
    return branch


def _same_as_before(folder: Path) -> str | None:
    """Return the branch of an earlier run with the same base and results, ignoring provenance."""
    refs = git(folder, "for-each-ref", "--format=%(refname:short) %(parent)", "refs/heads/runs")
    base = git(folder, "rev-parse", "HEAD")
    compare = ("diff", "--cached", "--name-only")
    for branch, *parents in map(str.split, refs.splitlines()):
        same_base = parents == [base]
        if same_base and not git(folder, *compare, branch, "--", ".", f":!{PROVENANCE}"):
            return branch
    return None


def home_of(folder: Path) -> Path:
    """Return the working copy that a worktree belongs to; for any other folder, the folder itself.

    A remote's relative address is valid in that working copy.
    """
    common = Path(git(folder, "rev-parse", "--path-format=absolute", "--git-common-dir"))
    return common.parent if common.name == ".git" else folder


def identity(folder: Path) -> Sequence[str]:
    """Return Git options that name an author and a committer, if Git lacks one of them."""
    try:
        for role in ("AUTHOR", "COMMITTER"):
            git(folder, "var", f"GIT_{role}_IDENT")
    except PipelineError:
        return ("-c", "user.name=pipeline", "-c", "user.email=pipeline@localhost")
    return ()
