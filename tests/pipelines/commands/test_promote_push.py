"""Promotions and rollbacks that are pushed to a remote."""

import re
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.helpers import pipelines_process
from tests.pipelines.in_process import dvc
from tests.pipelines.promoting import commit, holder, promote, rollback
from tests.pipelines.repositories import run, set_dvc_remote

pytestmark = pytest.mark.slow


def test_one_of_two_clones_promotes_at_the_remote_and_the_other_is_rejected(
    promotable: Path, tmp_path: Path
) -> None:
    run(tmp_path, "git", "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    run(promotable, "git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    commits = [commit(promotable, wrong) for wrong in (40, 30)]
    run(promotable, "git", "push", "--quiet", "origin", "main")
    run(tmp_path, "git", "clone", "--quiet", "origin.git", "other")
    for clone in (promotable, tmp_path / "other"):
        set_dvc_remote(clone, str(tmp_path / "store"))
    dvc(promotable, "push", "--all-commits")
    both = list(zip((promotable, tmp_path / "other"), commits, strict=True))
    with ThreadPoolExecutor() as pool:
        outcomes = list(
            pool.map(
                lambda one: pipelines_process(one[0], "promote", one[1], "--push", "origin"), both
            )
        )
    assert sorted(done.code for done in outcomes) == [0, 1], outcomes
    (error_text,) = (done.err for done in outcomes if done.code)
    winner = holder(promotable)
    assert re.search(
        rf"found {winner}, promoted since|where {winner} \(\w{{7}}\) has the ", error_text
    )
    tags = [run(clone, "git", "for-each-ref", "refs/tags") for clone, _ in both]
    assert tags[0] == tags[1] != ""


def test_rejected_tags_are_removed_and_the_promoted_version_is_named(
    promotable: Path, tmp_path: Path
) -> None:
    run(tmp_path, "git", "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    run(promotable, "git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    run(promotable, "git", "push", "--quiet", "origin", "main")
    # A promotion by another, between what this one fetches and what it pushes.
    hook = promotable / ".git" / "hooks" / "pre-push"
    hook.write_text(
        """#!/bin/sh
        git tag --annotate --message=theirs theirs
        for tag in net@v1.0.0 'net#production#1'; do
            git push --quiet --no-verify origin "theirs:refs/tags/$tag"
        done
        git tag --delete theirs
        """
    )
    hook.chmod(0o755)
    code, output = promote(promotable, "--push", "origin")
    assert code == 1
    assert "where v1.0.0 (" in output
    assert run(promotable, "git", "tag").splitlines() == ["net#production#1", "net@v1.0.0"]
    listed = run(promotable, "git", "ls-remote", "--tags", "--refs", "origin")
    assert listed.count("refs/tags/") == 2


@pytest.fixture
def origin(promotable: Path, tmp_path: Path) -> Path:
    """The repository's remote, which has main."""
    run(tmp_path, "git", "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    run(promotable, "git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    run(promotable, "git", "push", "--quiet", "origin", "main")
    return tmp_path / "origin.git"


def kill_before_the_push(promotable: Path, *arguments: str) -> None:
    """Have a command of promote be killed when Git is about to push."""
    hook = promotable / ".git" / "hooks" / "pre-push"
    # The hook's parent is Git, whose parent is the command.
    hook.write_text("#!/bin/sh\nkill -9 $(cut -d ' ' -f 4 /proc/$PPID/stat)\nexit 1\n")
    hook.chmod(0o755)
    assert pipelines_process(promotable, *arguments, "--push", "origin").code == -signal.SIGKILL
    hook.unlink()


def test_repeated_promotion_pushes_the_tags_of_a_killed_one(promotable: Path, origin: Path) -> None:
    kill_before_the_push(promotable, "promote")
    here = run(promotable, "git", "tag").splitlines()
    assert len(here) == 4
    assert run(origin, "git", "tag") == ""
    code, output = promote(promotable, "--push", "origin")
    assert code == 0
    assert "has the stage production already; pushed the tags that origin la" in output
    assert run(origin, "git", "tag").splitlines() == here
    assert promote(promotable, "--push", "origin")[1].endswith(
        " has the stage production already.\n"
    )


def test_repeated_rollback_pushes_the_tags_of_a_killed_one_and_goes_no_further(
    promotable: Path, origin: Path
) -> None:
    for wrong in (50, 40, 30):
        commit(promotable, wrong)
        assert promote(promotable, "--push", "origin")[0] == 0
    assert holder(origin) == "v1.2.0"
    kill_before_the_push(promotable, "rollback", "production")
    assert (holder(promotable), holder(origin)) == ("v1.1.0", "v1.2.0")
    code, output = rollback(promotable, "production", "--push", "origin")
    assert code == 0
    assert output.startswith("v1.1.0 (")
    assert "has the stage production again already; pushed the tags that origin la" in output
    assert (holder(promotable), holder(origin)) == ("v1.1.0", "v1.1.0")
    assert rollback(promotable, "production", "--push", "origin")[0] == 0
    assert (holder(promotable), holder(origin)) == ("v1.0.0", "v1.0.0")


def test_unpushed_promotions_are_pushed_with_the_next_one(promotable: Path, origin: Path) -> None:
    for wrong in (50, 40):
        commit(promotable, wrong)
        assert promote(promotable)[0] == 0
    code, output = rollback(promotable, "production", "--push", "origin")
    assert (code, output.endswith("has the stage production again, after v1.1.0.\n")) == (0, True)
    assert run(origin, "git", "tag") == run(promotable, "git", "tag")
    assert (holder(promotable), holder(origin)) == ("v1.0.0", "v1.0.0")


def test_killed_and_overtaken_promotion_is_rejected_in_one_sentence(
    promotable: Path, origin: Path
) -> None:
    kill_before_the_push(promotable, "promote")
    run(origin, "git", "tag", "-a", "-m", "theirs", "net@v1.0.0", "main")
    code, output = promote(promotable, "--push", "origin")
    assert code == 1
    assert output == (
        "error: expected the tag net@v1.0.0 to be the one that origin has, found another one here, "
        "which was not pushed; remove it, and promote again: git tag --delete net#production#1 "
        "net-lite#production#1 net-lite@v1.0.0 net@v1.0.0.\n"
    )


def test_tags_that_are_not_of_a_promotion_may_differ_at_the_remote(
    promotable: Path, origin: Path
) -> None:
    run(promotable, "git", "tag", "release")
    run(origin, "git", "tag", "release", commit_elsewhere(origin))

    code, output = promote(promotable, "--push", "origin")

    assert (code, output.endswith("has the stage production now.\n")) == (0, True), output
    here, there = (run(folder, "git", "rev-parse", "release") for folder in (promotable, origin))
    assert here != there
    assert holder(origin) == "v1.0.0"


def commit_elsewhere(origin: Path) -> str:
    tree = run(origin, "git", "rev-parse", "main^{tree}")
    return run(origin, "git", "commit-tree", tree, "-m", "Elsewhere")


def test_hook_of_the_user_that_refuses_the_push_is_named(promotable: Path, origin: Path) -> None:
    hook = promotable / ".git" / "hooks" / "pre-push"
    hook.write_text("#!/bin/sh\necho no tags on Fridays >&2\nexit 1\n")
    hook.chmod(0o755)

    code, output = promote(promotable, "--push", "origin")

    assert code == 1
    assert "the hook pre-push of this repository failed: " in output
    assert "no tags on Fridays" in output
    assert run(promotable, "git", "tag") == run(origin, "git", "tag") == ""


@pytest.mark.parametrize("own_hook", [False, True])
def test_refusal_of_the_remote_is_blamed_on_no_hook_of_the_user(
    promotable: Path, origin: Path, own_hook: bool
) -> None:
    hooks = [origin / "hooks" / "pre-receive"]
    hooks[0].write_text("#!/bin/sh\necho no tags here >&2\nexit 1\n")
    if own_hook:
        hooks.append(promotable / ".git" / "hooks" / "pre-push")
        hooks[1].write_text("#!/bin/sh\n")
    for hook in hooks:
        hook.chmod(0o755)

    code, output = promote(promotable, "--push", "origin")

    assert code == 1
    assert "no tags here" in output
    assert "the hook" not in output


@pytest.fixture
def clone(promotable: Path, origin: Path) -> Path:
    """Another clone, whose cache is empty."""
    run(promotable.parent, "git", "clone", "--quiet", origin.name, "clone")
    return promotable.parent / "clone"


def test_model_that_is_nowhere_is_not_promoted(clone: Path) -> None:
    code, output = promote(clone)

    assert code == 1
    assert ": expected DVC's cache to have model.txt, found nothing there, and no remote" in output
    assert run(clone, "git", "tag") == ""


def test_model_that_the_remote_lacks_is_not_promoted_for_others(
    promotable: Path, origin: Path, clone: Path, tmp_path: Path
) -> None:
    for folder in (promotable, clone):
        set_dvc_remote(folder, str(tmp_path / "store"))
    for folder in (promotable, clone):
        code, output = promote(folder, "--push", "origin")
        assert code == 1
        assert "Push the artifacts from a clone that has them: dvc push." in output
    assert run(origin, "git", "tag") == ""

    dvc(promotable, "push")

    # One model is in the cache alone, which is enough for a promotion that nobody else sees.
    commit(promotable, 40)
    assert promote(promotable)[0] == 0
    run(promotable, "git", "reset", "--quiet", "--hard", "origin/main")
    run(promotable, "git", "tag", "--delete", *run(promotable, "git", "tag").splitlines())
    # The clone has an empty cache still.
    assert promote(clone, "--push", "origin")[0] == 0
    assert holder(origin) == "v1.0.0"
