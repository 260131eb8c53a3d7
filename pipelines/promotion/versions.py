"""Read the versions of an artifact and their stages from Git tags, as GTO reads them.

GTO's own code parses the tags and derives the state. Git lists the tags, because GTO would also
search the files of every commit that has one.
"""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gto.base import Artifact, Assignment
from gto.base import Version as RegisteredVersion
from gto.constants import ACTION, COUNTER, NAME, Action
from gto.exceptions import ManyVersions
from gto.tag import index_tag, parse_name
from gto.versions import SemVer
from scmrepo.git.objects import GitTag

from pipelines.errors import PipelineError
from pipelines.git.command import git

# GTO indexes the tags of stages after those of versions.
_OF_STAGE = (Action.ASSIGN, Action.UNASSIGN)


class Version(NamedTuple):
    """A registered version of an artifact."""

    name: str
    commit: str


def registered(folder: Path, artifact: str) -> list[Version]:
    """List the registered versions of an artifact, lowest first; a deprecated artifact has none."""
    return [_named(version) for version in _active(_state(folder, artifact))]


def next_version(folder: Path, artifacts: Sequence[str]) -> str:
    """Return the name of the version that follows all versions of the artifacts, the first v1.0.0.

    It is the next minor version. Deregistered versions count too, because their tags still exist.
    """
    taken = [
        SemVer(version.version)
        for artifact in artifacts
        for version in ever_registered(folder, artifact)
    ]
    return str(max(taken).bump_minor().version) if taken else "v1.0.0"


def stage_history(
    folder: Path, artifact: str, stage: str, without: Collection[str] = ()
) -> list[Version]:
    """List the versions that can be rolled back through; the last one has the stage.

    If a version is assigned again, the versions that were assigned after it are dropped. A version
    that was unassigned or deregistered is dropped. Tags in ``without`` are ignored.
    """
    assigned = [
        (event.created_at, parse_name(event.tag).get(COUNTER, 0), _named(version))
        for version in _active(_state(folder, artifact, without))
        for event in _assignments(version, stage)
    ]
    stack: list[Version] = []
    for _, _, version in sorted(assigned):
        stack = stack[: stack.index(version) + 1] if version in stack else [*stack, version]
    return stack


def ever_registered(folder: Path, artifact: str) -> list[RegisteredVersion]:
    """List the versions that were ever registered; those that are not now are not active."""
    found = _state(folder, artifact).get_versions(active_only=False)
    return [version for version in found if version.is_registered]


def last_count(folder: Path, artifact: str) -> int:
    """Return the highest number of an artifact's tags; GTO counts over all stages."""
    return max((parsed.get(COUNTER, 0) for parsed, _ in _tags(folder, artifact)), default=0)


def _state(folder: Path, artifact: str, without: Collection[str] = ()) -> Artifact:
    """Return the state of an artifact as GTO derives it from the annotated tags.

    Raises:
        PipelineError: two versions are registered at one commit.
    """
    tags = [
        (parsed[ACTION] in _OF_STAGE, tag)
        for parsed, tag in _tags(folder, artifact)
        if tag and tag.name not in without
    ]
    state = Artifact(artifact=artifact, versions=[])
    for _, tag in sorted(tags, key=lambda one: (one[0], one[1].tag_time)):
        try:
            index_tag(state, tag)
        except ManyVersions as error:
            raise PipelineError(
                f"expected {artifact} to have one version at {tag.target[:7]}, found several, so "
                f"that {tag.name} is ambiguous; delete the tag of one: {error.msg}."
            ) from None
    return state


def _tags(folder: Path, artifact: str) -> Iterator[tuple[dict[str, Any], GitTag | None]]:
    """Yield what GTO parses from the name of each of an artifact's tags, and the annotated tag."""
    fields = "%(refname:strip=2) %(objectname) %(*objectname) %(taggerdate:unix)"
    for line in git(folder, "for-each-ref", f"--format={fields}", "refs/tags").splitlines():
        name, *of_annotated = line.split()
        parsed = parse_name(name, raise_on_fail=False)
        if parsed.get(NAME) != artifact or ACTION not in parsed:
            continue
        match of_annotated:
            case made, commit, date:
                yield parsed, GitTag(name, made, commit, "", "", int(date), 0, "")
            case _:
                yield parsed, None


def _active(state: Artifact) -> list[RegisteredVersion]:
    """Return the versions that are registered, lowest first; `gto show` hides deprecated ones."""
    return state.get_versions(ascending=True) if state.is_active else []


def _named(version: RegisteredVersion) -> Version:
    return Version(version.version, version.commit_hexsha)


def _assignments(version: RegisteredVersion, stage: str) -> Iterator[Assignment]:
    """Yield the assignments of a stage to a version since it was last unassigned."""
    for event in version.stages[stage].get_events() if stage in version.stages else ():
        if not isinstance(event, Assignment):
            return
        yield event
