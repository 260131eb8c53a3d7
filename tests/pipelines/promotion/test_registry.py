import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from dvc.repo import Repo

from pipelines.errors import PipelineError
from pipelines.promotion import registry, versions
from pipelines.promotion.versions import Version
from tests.pipelines.repositories import apart, run

Commit = Callable[[], str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    apart(monkeypatch, tmp_path)
    run(tmp_path, "git", "init", "--quiet", "--initial-branch=main", "repository")
    return tmp_path / "repository"


@pytest.fixture
def commit(folder: Path) -> Commit:
    """Make a commit that declares two artifacts, and give its hash."""
    (folder / "dvc.yaml").write_text("artifacts: {net: {path: a}, lite: {path: b}}\n")

    def commit() -> str:
        run(folder, "git", "add", "--all")
        run(folder, "git", "commit", "--quiet", "--allow-empty", "-m", "One more")
        return run(folder, "git", "rev-parse", "HEAD")

    return commit


def shown(folder: Path, what: str) -> dict[str, object]:
    """What GTO itself says."""
    (found,) = json.loads(run(folder, "gto", "show", what, "--json"))
    return dict(found)


def gto(folder: Path, *arguments: str) -> None:
    """Have GTO make a tag, in a second of its own: it does not order the tags of one second."""
    time.sleep(1 - time.time() % 1)
    run(folder, "gto", *arguments)


def assert_reads_as_gto(folder: Path, registered: list[Version], held: list[Version]) -> None:
    """Check what is read of net against the known answer, and against GTO's own reading."""
    assert versions.registered(folder, "net") == registered
    assert versions.held(folder, "net", "production") == held
    listed = json.loads(run(folder, "gto", "show", "net", "--json"))
    assert {(one["version"], one["commit_hexsha"]) for one in listed} == set(registered)
    having = json.loads(run(folder, "gto", "show", "net#production", "--json"))
    assert [(one["version"], one["commit_hexsha"]) for one in having] == held[-1:]


def test_gto_reads_what_is_tagged(folder: Path, commit: Commit) -> None:
    version = Version("v1.0.0", commit())
    artifacts = registry.artifacts_of(folder, "HEAD")
    assert artifacts == ("net", "lite")
    made = registry.tag(folder, artifacts, version, "production")
    assert made == ["lite#production#1", "lite@v1.0.0", "net#production#1", "net@v1.0.0"]
    for artifact in artifacts:
        found = shown(folder, f"{artifact}#production")
        assert (found["version"], found["commit_hexsha"]) == version
        assert versions.registered(folder, artifact) == versions.held(
            folder, artifact, "production"
        )
    assert versions.held(folder, "net", "staging") == []


def test_versions_are_in_the_order_of_their_numbers(folder: Path, commit: Commit) -> None:
    for name in ("v1.10.0", "v1.9.0", "v2.0.0", "v1.9.1"):
        commit()
        run(folder, "gto", "register", "net", "HEAD", "--version", name)
    found = versions.registered(folder, "net")
    assert [version.name for version in found] == ["v1.9.0", "v1.9.1", "v1.10.0", "v2.0.0"]
    run(folder, "gto", "register", "lite", "HEAD", "--version", "v2.3.4")
    assert versions.next_version(folder, ["net"]) == "v2.1.0"
    assert versions.next_version(folder, ["net", "lite"]) == "v2.4.0"
    assert versions.next_version(folder, ["other"]) == "v1.0.0"


def test_version_that_was_unassigned_or_deregistered_is_read_as_gto_reads_it(
    folder: Path, commit: Commit
) -> None:
    one, two, three = (Version(f"v{number}.0.0", commit()) for number in (1, 2, 3))
    for version in (one, two, three):
        gto(folder, "register", "net", version.commit, "--version", version.name)
    assert_reads_as_gto(folder, [one, two, three], [])
    for version in (one, two, three):
        gto(folder, "assign", "net", "--version", version.name, "--stage", "production")
    assert_reads_as_gto(folder, [one, two, three], [one, two, three])
    gto(folder, "deprecate", "net", "v3.0.0", "production")
    assert run(folder, "git", "tag", "--list", "*!*") == "net#production!#4"
    assert_reads_as_gto(folder, [one, two, three], [one, two])
    gto(folder, "deprecate", "net", "v2.0.0")
    assert_reads_as_gto(folder, [one, three], [one])
    # Its tag is there still.
    gto(folder, "deprecate", "net", "v3.0.0")
    assert versions.next_version(folder, ["net"]) == "v3.1.0"
    with pytest.raises(PipelineError, match=r"found v3\.0\.0, which is deregistered; `gto depre"):
        registry.tag(folder, ["net"], Version("v3.1.0", three.commit), "production")
    run(folder, "gto", "deprecate", "--force", "--delete", "net", "v3.0.0")
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
    gto(folder, "deprecate", "net", "v1.0.0", "production")
    assert_reads_as_gto(folder, [one, two], [two])


def test_artifact_that_is_deprecated_has_no_version_until_the_next(
    folder: Path, commit: Commit
) -> None:
    one, two = (Version(f"v{number}.0.0", commit()) for number in (1, 2))
    gto(folder, "register", "net", one.commit, "--version", one.name)
    gto(folder, "assign", "net", "--version", one.name, "--stage", "production")
    gto(folder, "deprecate", "net")
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
        assert versions.held(folder, "net", "production") == expected


def test_second_version_of_a_commit_is_refused_and_nothing_is_tagged(
    folder: Path, commit: Commit
) -> None:
    first = commit()
    run(folder, "gto", "register", "lite", first, "--version", "v3.0.0")
    with pytest.raises(PipelineError, match=r"expected lite to be v1\.0\.0 .* found v3\.0\.0; "):
        registry.tag(folder, ["net", "lite"], Version("v1.0.0", first), "production")
    assert run(folder, "git", "tag") == "lite@v3.0.0"


def test_one_tag_that_is_there_already_keeps_all_from_being_made(
    folder: Path, commit: Commit
) -> None:
    run(folder, "git", "tag", "lite@v1.0.0", commit())
    with pytest.raises(PipelineError, match="reference already exists"):
        registry.tag(folder, ["net", "lite"], Version("v1.0.0", commit()), "production")
    assert run(folder, "git", "tag") == "lite@v1.0.0"


def test_tags_are_later_than_those_of_a_clock_that_is_ahead(
    folder: Path, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (Version(f"v{number}.0.0", commit()) for number in (1, 2))
    registry.tag(folder, ["net"], one, "production")
    monkeypatch.setenv("GIT_COMMITTER_DATE", f"{int(time.time()) + 3600} +0000")
    for tag in ("net@v2.0.0", "net#production#2"):
        run(folder, "git", "tag", "--annotate", "--message=ahead", tag, two.commit)
    monkeypatch.delenv("GIT_COMMITTER_DATE")
    assert shown(folder, "net#production")["version"] == two.name
    registry.tag(folder, ["net"], one, "production")
    assert shown(folder, "net#production")["version"] == one.name
    # As `dvc artifacts get` asks.
    run(folder, "dvc", "init", "--quiet")
    assert Repo(folder).artifacts.get_rev("net", stage="production") == one.commit


def test_assignments_are_counted_over_all_stages_as_gto_does(folder: Path, commit: Commit) -> None:
    one = Version("v1.0.0", commit())
    run(folder, "gto", "assign", "net", one.commit, "--stage", "staging", "--version", "v1.0.0")
    assert registry.tag(folder, ["net"], one, "production") == ["net#production#2"]


def test_tags_are_pushed_all_or_none(folder: Path, commit: Commit, tmp_path: Path) -> None:
    run(tmp_path, "git", "init", "--quiet", "--bare", "origin.git")
    run(folder, "git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    made = registry.tag(folder, ["net"], Version("v1.0.0", commit()), "production")
    registry.push(folder, made, "origin")
    run(folder, "git", "tag", "--delete", *made)
    commit()
    other = registry.tag(folder, ["lite", "net"], Version("v1.0.0", commit()), "production")
    with pytest.raises(PipelineError, match="already exists"):
        registry.push(folder, other, "origin")
    listed = run(folder, "git", "ls-remote", "--tags", "--refs", "origin")
    assert [line.split("/")[-1] for line in listed.splitlines()] == [
        "net#production#1",
        "net@v1.0.0",
    ]


def test_git_needs_no_author(folder: Path, commit: Commit, monkeypatch: pytest.MonkeyPatch) -> None:
    version = Version("v1.0.0", commit())
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{role}_NAME")
        monkeypatch.delenv(f"GIT_{role}_EMAIL")
    monkeypatch.setenv("HOME", str(folder))
    subprocess.run(["git", "config", "user.useConfigOnly", "true"], cwd=folder, check=True)
    assert len(registry.tag(folder, ["net"], version, "production")) == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("stages: {}", "expected a section artifacts with at least one name, found null"),
        ("artifacts: null", "expected a section artifacts with at least one name, found null"),
        ("artifacts: {}", "expected a section artifacts with at least one name, found {}"),
        ("artifacts: [net]", "expected a section artifacts with at least one name, found"),
        ("artifacts: {net: {path: a}, net: {path: b}}", "expected a YAML file, found a mistake"),
        ("artifacts: {-net: {path: a}}", 'found "-net"; rename it'),
        ("artifacts: {'net@v1': {path: a}}", 'found "net@v1"; rename it'),
        ('artifacts: {"net\\n": {path: a}}', 'found "net\\n"; rename it'),
        ("null", "expected a section artifacts with at least one name, found null"),
        ("", "expected a section artifacts with at least one name, found null"),
        ("[" * 100_000, "expected a YAML file, found values nested more than 64 deep"),
    ],
)
def test_commit_without_artifacts_is_refused(
    folder: Path, commit: Commit, content: str, sentence: str
) -> None:
    (folder / "dvc.yaml").write_text(content)
    with pytest.raises(PipelineError, match=r"^dvc\.yaml of \w{7}: ") as refused:
        registry.artifacts_of(folder, commit())
    assert sentence in str(refused.value)


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
        run(folder, "gto", "register", "net", commit(), "--version", name)
    assert [version.name for version in versions.registered(folder, "net")] == names
    assert versions.next_version(folder, ["net"]) == f"v{'9' * 99}.1.0"
