import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.promotion import registry, versions
from pipelines.promotion.versions import Version
from tests.pipelines.in_process import gto
from tests.pipelines.repositories import run

pytestmark = pytest.mark.slow

Commit = Callable[[], str]


def gto_later(folder: Path, *arguments: str) -> None:
    """Have GTO make a tag, in a second of its own: it does not order the tags of one second."""
    time.sleep(1 - time.time() % 1)
    gto(folder, *arguments)


def assert_reads_as_gto(folder: Path, registered: list[Version], history: list[Version]) -> None:
    """Check what is read of net against the known answer, and against GTO's own reading."""
    assert versions.registered(folder, "net") == registered
    assert versions.stage_history(folder, "net", "production") == history
    listed = json.loads(gto(folder, "show", "net", "--json"))
    assert {(one["version"], one["commit_hexsha"]) for one in listed} == set(registered)
    having = json.loads(gto(folder, "show", "net#production", "--json"))
    assert [(one["version"], one["commit_hexsha"]) for one in having] == history[-1:]


def test_versions_are_in_the_order_of_their_numbers(folder: Path, commit: Commit) -> None:
    for name in ("v1.10.0", "v1.9.0", "v2.0.0", "v1.9.1"):
        commit()
        gto(folder, "register", "net", "HEAD", "--version", name)
    found = versions.registered(folder, "net")
    assert [version.name for version in found] == ["v1.9.0", "v1.9.1", "v1.10.0", "v2.0.0"]
    gto(folder, "register", "lite", "HEAD", "--version", "v2.3.4")
    assert versions.next_version(folder, ["net"]) == "v2.1.0"
    assert versions.next_version(folder, ["net", "lite"]) == "v2.4.0"
    assert versions.next_version(folder, ["other"]) == "v1.0.0"


def test_version_that_was_unassigned_or_deregistered_is_read_as_gto_reads_it(
    folder: Path, commit: Commit
) -> None:
    one, two, three = (Version(f"v{number}.0.0", commit()) for number in (1, 2, 3))
    for version in (one, two, three):
        gto_later(folder, "register", "net", version.commit, "--version", version.name)
    assert_reads_as_gto(folder, [one, two, three], [])
    for version in (one, two, three):
        gto_later(folder, "assign", "net", "--version", version.name, "--stage", "production")
    assert_reads_as_gto(folder, [one, two, three], [one, two, three])
    gto_later(folder, "deprecate", "net", "v3.0.0", "production")
    assert run(folder, "git", "tag", "--list", "*!*") == "net#production!#4"
    assert_reads_as_gto(folder, [one, two, three], [one, two])
    gto_later(folder, "deprecate", "net", "v2.0.0")
    assert_reads_as_gto(folder, [one, three], [one])
    # Its tag is there still.
    gto_later(folder, "deprecate", "net", "v3.0.0")
    assert versions.next_version(folder, ["net"]) == "v3.1.0"
    with pytest.raises(PipelineError, match=r"found v3\.0\.0, which is deregistered; `gto depre"):
        registry.tag(folder, ["net"], Version("v3.1.0", three.commit), "production")
    gto(folder, "deprecate", "--force", "--delete", "net", "v3.0.0")
    registry.tag(folder, ["net"], Version("v3.1.0", three.commit), "production")
    again = Version("v3.1.0", three.commit)
    assert_reads_as_gto(folder, [one, again], [one, again])


def test_version_that_was_unassigned_after_a_rollback_leaves_the_stage_to_the_one_before(
    folder: Path, commit: Commit
) -> None:
    one, two = (Version(f"v{number}.0.0", commit()) for number in (1, 2))
    for version in (one, two, one):
        registry.tag(folder, ["net"], version, "production")
    assert_reads_as_gto(folder, [one, two], [one])
    # The tags are dated ahead of the clock.
    time.sleep(2)
    gto_later(folder, "deprecate", "net", "v1.0.0", "production")
    assert_reads_as_gto(folder, [one, two], [two])


def test_artifact_that_is_deprecated_has_no_version_until_the_next(
    folder: Path, commit: Commit
) -> None:
    one, two = (Version(f"v{number}.0.0", commit()) for number in (1, 2))
    gto_later(folder, "register", "net", one.commit, "--version", one.name)
    gto_later(folder, "assign", "net", "--version", one.name, "--stage", "production")
    gto_later(folder, "deprecate", "net")
    assert run(folder, "git", "tag", "--list", "*deprecated*") == "net@deprecated"
    assert_reads_as_gto(folder, [], [])
    assert versions.next_version(folder, ["net"]) == "v1.1.0"
    registry.tag(folder, ["net"], two, "production")
    assert_reads_as_gto(folder, [one, two], [one, two])


def test_two_versions_of_one_commit_are_refused(folder: Path, commit: Commit) -> None:
    one = Version("v1.0.0", commit())
    registry.tag(folder, ["net"], one, "production")
    run(folder, "git", "tag", "--annotate", "--message=twice", "net@v2.0.0", one.commit)
    with pytest.raises(PipelineError, match=r"expected net to have one version at \w{7}, found"):
        versions.registered(folder, "net")


def test_version_that_is_assigned_again_takes_those_after_it_along(
    folder: Path, commit: Commit
) -> None:
    one, two, three = (Version(f"v{number}.0.0", commit()) for number in (1, 2, 3))
    for version, expected in (
        (one, [one]),
        (two, [one, two]),
        (one, [one]),
        (three, [one, three]),
        (two, [one, three, two]),
    ):
        registry.tag(folder, ["net"], version, "production")
        assert versions.stage_history(folder, "net", "production") == expected


def test_tags_that_gto_does_not_know_are_left_alone(folder: Path, commit: Commit) -> None:
    one = Version("v1.0.0", commit())
    registry.tag(folder, ["net"], one, "production")
    for name in ("net@v1", "net@1.0.0", "net@v1.0", "net#production#٢", "net#", "network@v1.0.0"):
        run(folder, "git", "tag", "--annotate", "--message=other", name, one.commit)
    # GTO reads only annotated tags, but does not use their numbers again.
    for name in ("net@v9.0.0", "net#production#5"):
        run(folder, "git", "tag", name, commit())
    assert_reads_as_gto(folder, [one], [one])
    assert registry.tag(folder, ["net"], one, "production") == ["net#production#6"]


def test_versions_may_be_previews_or_large(folder: Path, commit: Commit) -> None:
    names = ["v2.0.0-beta.2", "v2.0.0-beta.10", "v2.0.0", f"v{'9' * 99}.0.0"]
    for name in names:
        gto(folder, "register", "net", commit(), "--version", name)
    assert [version.name for version in versions.registered(folder, "net")] == names
    assert versions.next_version(folder, ["net"]) == f"v{'9' * 99}.1.0"
