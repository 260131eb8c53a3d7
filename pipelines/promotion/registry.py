"""Register versions and assign stages with Git tags in GTO's convention (https://dvc.org/doc/gto).

``NAME@v1.2.0`` registers a version of an artifact, ``NAME#STAGE#3`` is the third assignment of a
stage. All artifacts of ``dvc.yaml`` are promoted together, with the same version.

GTO's own commands create one tag at a time, dated by this machine's clock. DVC uses these dates to
find the version that has a stage, so a tag from a clock that is ahead would outlast a rollback.
This module creates all tags of a promotion or none, and dates each later than all earlier tags.
"""

import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from gto.constants import name_re

from pipelines.errors import PipelineError
from pipelines.git.command import git
from pipelines.git.commits import contents_of
from pipelines.git.repository import identity
from pipelines.promotion.versions import Version, ever_registered, last_count
from stages.shared.formats import LARGEST, FormatError, parse_yaml


def artifacts_of(folder: Path, commit: str) -> Mapping[str, str]:
    """Return the path of each artifact that a commit's ``dvc.yaml`` declares, by its name.

    Raises:
        PipelineError: it declares none, or has names that GTO does not accept.
    """
    name = f"dvc.yaml of {commit[:7]}"
    content = contents_of(folder, commit, "dvc.yaml", LARGEST).get("", b"")
    try:
        declared = parse_yaml(content)
    except FormatError as error:
        raise PipelineError(f"{name}: {error}; run `dvc status` to see what is wrong.") from None
    artifacts = declared.get("artifacts") if isinstance(declared, dict) else None
    if not isinstance(artifacts, dict) or not artifacts:
        raise PipelineError(
            f"{name}: expected a section artifacts with at least one name, found "
            f"{json.dumps(artifacts)[:60]}; declare what is promoted."
        )
    for artifact, entry in artifacts.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
            raise PipelineError(
                f"{name}: expected artifact {artifact} to have a path, found none; declare what is "
                "promoted."
            )
        if not name_re.fullmatch(artifact):
            raise PipelineError(
                f"{name}: expected names of artifacts as GTO takes them, of letters, digits, -, _ "
                f"and /, found {json.dumps(artifact)}; rename it."
            )
    return {name: str(entry.get("path")) for name, entry in artifacts.items()}


def tag(folder: Path, artifacts: Iterable[str], version: Version, stage: str) -> list[str]:
    """Assign a stage to a version of all artifacts, and register the version where it is missing.

    Returns:
        The tags that were created.

    Raises:
        PipelineError: a tag exists, or a commit would get a second version; no tag is created.
    """
    messages = {}
    for artifact in artifacts:
        of_commit = [
            known
            for known in ever_registered(folder, artifact)
            if known.commit_hexsha == version.commit
        ]
        if not of_commit:
            messages[f"{artifact}@{version.name}"] = f"Register {artifact} {version.name}"
        elif (known := of_commit[0]).version != version.name or not known.is_active:
            found = known.version if known.is_active else f"{known.version}, which is deregistered"
            raise PipelineError(
                f"{version.commit[:7]}: expected {artifact} to be {version.name} or not registered "
                f"there, found {found}; `gto deprecate --force --delete "
                f"{artifact} {known.version}` removes its tags."
            )
        name = f"{artifact}#{stage}#{last_count(folder, artifact) + 1}"
        messages[name] = f"Assign {stage} to {artifact} {version.name}"
    _make(folder, version.commit, messages)
    return sorted(messages)


def _make(folder: Path, commit: str, messages: Mapping[str, str]) -> None:
    """Create all of the annotated tags or none."""
    who = git(folder, *identity(folder), "var", "GIT_COMMITTER_IDENT").rsplit(" ", 2)[0]
    when = max(int(time.time()), _newest(folder) + 1)
    about = f"object {commit}\ntype commit\ntag %s\ntagger {who} {when} +0000\n\n%s\n"
    creations = []
    for name, message in messages.items():
        made = git(folder, "mktag", stdin=about % (name, message))
        creations.append(f"create refs/tags/{name} {made}\n")
    git(folder, "update-ref", "--stdin", stdin="".join(creations))


def untag(folder: Path, tags: Sequence[str]) -> None:
    """Remove tags."""
    if tags:
        git(folder, "tag", "--delete", *tags)


def unpushed(folder: Path, artifacts: Iterable[str], remote: str) -> list[str]:
    """List the local tags of artifacts that a remote lacks.

    Raises:
        PipelineError: the remote has another tag of the same name, or does not respond.
    """
    listed = git(folder, "ls-remote", "--tags", "--refs", "--end-of-options", remote)
    there = {ref: made for made, ref in map(str.split, listed.splitlines())}
    patterns = _patterns(artifacts)
    found = git(folder, "for-each-ref", "--format=%(objectname) %(refname)", *patterns)
    here = {ref: made for made, ref in map(str.split, found.splitlines())}
    different = [
        ref.removeprefix("refs/tags/") for ref, made in here.items() if there.get(ref) != made
    ]
    if other := [tag for tag in different if f"refs/tags/{tag}" in there]:
        raise PipelineError(
            f"expected the tag {other[0]} to be the one that {remote} has, found another one here, "
            f"which was not pushed; remove it, and promote again: git tag --delete "
            f"{' '.join(different)}."
        )
    return different


def push(folder: Path, tags: Sequence[str], remote: str) -> None:
    """Push all of the tags to a remote or none.

    Raises:
        PipelineError: the remote already has one of them, or a hook of the user's refuses.
    """
    refs = [f"refs/tags/{tag}" for tag in tags]
    arguments = ("--quiet", "--atomic", "--end-of-options", remote, *refs)
    try:
        git(folder, "push", *arguments, hooks=True)
    except PipelineError as error:
        if not _has_hook(folder) or "[remote rejected]" in str(error):
            raise
        try:
            git(folder, "push", "--dry-run", *arguments)
        except PipelineError:
            raise error from None
        raise PipelineError(f"the hook pre-push of this repository failed: {error}") from None


def _has_hook(folder: Path) -> bool:
    arguments = ("--path-format=absolute", "--git-path", "hooks/pre-push")
    path = git(folder, "rev-parse", *arguments, hooks=True)
    return os.access(path, os.X_OK)


def fetch(folder: Path, artifacts: Iterable[str], remote: str) -> None:
    """Fetch a remote's tags of artifacts; others may differ from the local ones of their name."""
    refs = [f"{pattern}:{pattern}" for pattern in _patterns(artifacts)]
    git(folder, "fetch", "--quiet", "--no-tags", "--end-of-options", remote, *refs)


def _patterns(artifacts: Iterable[str]) -> list[str]:
    return [f"refs/tags/{artifact}{mark}*" for artifact in artifacts for mark in "@#"]


def _newest(folder: Path) -> int:
    """Return the latest date of any annotated tag, in seconds since 1970."""
    times = git(folder, "for-each-ref", "--format=%(taggerdate:unix)", "refs/tags")
    return max(map(int, times.split()), default=0)
