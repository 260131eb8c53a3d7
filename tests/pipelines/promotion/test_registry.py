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
from tests.pipelines.in_process import dvc, gto
from tests.pipelines.repositories import run

Commit = Callable[[], str]


def shown(folder: Path, what: str) -> dict[str, object]:
    """What GTO itself reports."""
    (found,) = json.loads(gto(folder, "show", what, "--json"))
    return dict(found)


def test_gto_reads_what_is_tagged(folder: Path, commit: Commit) -> None:
    version = Version("v1.0.0", commit())
    artifacts = registry.artifacts_of(folder, "HEAD")
    assert artifacts == {"net": "a", "lite": "b"}
    made = registry.tag(folder, artifacts, version, "production")
    assert made == ["lite#production#1", "lite@v1.0.0", "net#production#1", "net@v1.0.0"]
    for artifact in artifacts:
        found = shown(folder, f"{artifact}#production")
        assert (found["version"], found["commit_hexsha"]) == version
        assert versions.registered(folder, artifact) == versions.stage_history(
            folder, artifact, "production"
        )
    assert versions.stage_history(folder, "net", "staging") == []


def test_second_version_of_a_commit_is_refused_and_nothing_is_tagged(
    folder: Path, commit: Commit
) -> None:
    first = commit()
    gto(folder, "register", "lite", first, "--version", "v3.0.0")
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
    dvc(folder, "init")
    assert Repo(folder).artifacts.get_rev("net", stage="production") == one.commit


def test_assignments_are_counted_over_all_stages_as_gto_does(folder: Path, commit: Commit) -> None:
    one = Version("v1.0.0", commit())
    gto(folder, "assign", "net", one.commit, "--stage", "staging", "--version", "v1.0.0")
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
        (
            "artifacts: {net: {path: a}, net: {path: b}}",
            'expected a YAML file, found the key "net" twice',
        ),
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
