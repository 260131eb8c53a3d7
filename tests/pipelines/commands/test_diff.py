import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.helpers import pipelines
from tests.pipelines.recorded_runs import HEADER, RecordedRuns

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]

NONSENSE = {
    "other-checks": ("reports/checks.json", b"[]"),
    "deep-checks": ("reports/checks.json", b"[" * 100_000),
    "checks-in-latin-1": ("reports/checks.json", b'{"success": "\xe9"}'),
    "endless-metric": ("reports/metrics.json", b'{"test": {"accuracy": 1e999}}'),
    "metric-twice": ("reports/metrics.json", b'{"test": {}, "test": {}}'),
    "listed-provenance": ("models/provenance.json", b"[]"),
    "text-for-an-index": ("reports/misclassified.csv", f"{HEADER}\nx,0,1,cat,dog,1,0\n".encode()),
    "unknown-class": (
        "reports/misclassified.csv",
        f"{HEADER}\n1,0,2,cat,cow,1,0\n".encode(),
    ),
    "other-names": ("reports/misclassified.csv", f"{HEADER}\n1,0,1,dog,cat,1,0\n".encode()),
    "image-twice": (
        "reports/misclassified.csv",
        f"{HEADER}\n1,0,1,cat,dog,1,0\n1,0,1,cat,dog,1,0\n".encode(),
    ),
    "no-table": ("reports/misclassified.csv", b""),
    "conflict": ("dvc.lock", b"<<<<<<< ours\na: 1\n=======\n"),
    "param-twice": ("params.yaml", b"a: 1\na: 2\n"),
}
"""By tag: the file that a commit has, with content that no run writes."""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A commit for each case, tagged with its name."""
    folder = tmp_path_factory.mktemp("diff") / "repository"
    with pytest.MonkeyPatch.context() as patch:
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "a")
            patch.setenv(f"GIT_{role}_EMAIL", "a@example.org")
        patch.setenv("DVC_SITE_CACHE_DIR", str(folder.parent / "site"))
        patch.setenv("DVC_NO_ANALYTICS", "true")
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        patch.setenv("PYTHONPATH", str(ROOT))
        run = RecordedRuns(folder)
        run.record("other-images", range(7), test_images="c" * 64)
        run.record("base", range(7))
        run.record("better", [6], learning_rate=0.75, cpu="two")
        run.record("chance", [5, 6], learning_rate=0.75, cpu="two")
        errors = folder / "reports/misclassified.csv"
        cats = errors.read_text()
        errors.write_text(f"{HEADER}\n0,1,0,dog,cat,0.75,0.25\n")
        run.commit("dogs-for-cats")
        errors.write_text(cats)
        for tag, (path, content) in NONSENSE.items():
            valid = (folder / path).read_bytes()
            (folder / path).write_bytes(content)
            run.commit(tag)
            (folder / path).write_bytes(valid)
        for name in ("reports", "models"):
            shutil.rmtree(folder / name)
        for name in ("dvc.lock", "dvc.yaml", "params.yaml", "requirements.lock"):
            (folder / name).unlink()
        run.commit("bare")
        yield folder


@pytest.fixture
def ask(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Ask for the difference, and give exit code, output and errors."""
    monkeypatch.setenv("COLUMNS", "150")

    def ask(
        before: str, after: str, folder: Path = repository, markdown: bool = True
    ) -> tuple[int, str, str]:
        options = ["--markdown"] if markdown else []
        return pipelines(folder, "diff", *options, "--", before, after)

    return ask


Ask = Callable[..., tuple[int, str, str]]

# By hand: 6 fixed and no new error are as probable as 2 / 2**6 by chance.
BETTER = r"""| **Parameters** |  |  |  |
| learning\_rate | 0.5 | 0.75 | +0.25 |
| **Metrics** |  |  |  |
| test.accuracy | 0.93 (0.805 to 1.055) | 0.99 (0.865 to 1.115) | +0.06, better (p = 0.031) |
| **Errors** |  |  |  |
| new | right | wrong | 0 |
| fixed | wrong | right | 6 |
| changed | wrong | wrong, another class | 0 |
| as before | wrong | wrong | 1 |
| test image 0, cat | dog | cat | fixed |
| test image 1, cat | dog | cat | fixed |
| test image 2, cat | dog | cat | fixed |
| test image 3, cat | dog | cat | fixed |
| test image 4, cat | dog | cat | fixed |
| test image 5, cat | dog | cat | fixed |
| **Data checks** |  |  |  |
| passed | 1 of 1 | 1 of 1 |  |
| **Provenance** |  |  |  |
| cpu | one | two |  |
| **Libraries** |  |  |  |
| numpy | 2 | 3 |  |

""" + (
    "The later one is better: 0 new and 6 fixed errors are unlikely to be chance "
    "(McNemar's test: p = 0.031).\n"
)


@pytest.mark.core
def test_better_commit_exits_with_4_and_the_table_has_all_differences(ask: Ask) -> None:
    code, output, _ = ask("base", "better")

    header, _, rest = output.partition("| --- | --- | --- | --- |\n")
    assert code == 4
    assert re.fullmatch(r"\|  \| base \(\w{7}\) \| better \(\w{7}\) \| difference \|\n", header)
    assert rest == BETTER


@pytest.mark.slow
@pytest.mark.core
def test_worse_commit_exits_with_3(ask: Ask) -> None:
    code, output, _ = ask("better", "base", markdown=False)

    assert code == 3
    assert re.search(r"│ test\.accuracy +│ 0\.99 \(0.*│ -0\.06, worse \(p = 0\.031\) +│", output)
    assert output.endswith(
        "The later one is worse: 6 new and 0 fixed errors are unlikely to be chance "
        "(McNemar's test: p = 0.031).\n"
    )


def test_insignificant_difference_exits_with_0(ask: Ask) -> None:
    code, output, _ = ask("better", "chance")

    assert code == 0
    assert "-0.01, may be chance (p = 1) |" in output
    assert output.count("| no difference |  |  |  |\n") == 3
    assert "\n1 new and 0 fixed errors may well be chance (McNemar's test: p = 1).\n" in output


def test_different_test_images_exit_with_5_without_a_significance_test(ask: Ask) -> None:
    code, output, _ = ask("other-images", "base")

    assert code == 5
    assert "| tested on | cccccccccccc | aaaaaaaaaaaa |  |\n" in output
    assert output.endswith(
        "\nWhether the difference is significant cannot be determined: dvc.lock does not record "
        "the same test images for both commits.\n"
    )


def test_missing_record_is_shown_as_absent_and_exits_with_5(ask: Ask) -> None:
    code, output, _ = ask("base", "bare")

    assert code == 5
    for path in (
        "params.yaml",
        "reports/metrics.json",
        "reports/misclassified.csv",
        "reports/checks.json",
        "models/provenance.json",
        "requirements.lock",
    ):
        assert f"| {path} | recorded | absent |  |\n" in output
    assert "| test.accuracy | 0.93 (0.805 to 1.055) | – |" in output  # noqa: RUF001 - as in tables
    assert output.endswith("cannot be determined: reports/misclassified.csv is absent.\n")


def test_shallow_clone_without_remote_and_cache_gives_the_same_result(
    repository: Path, tmp_path: Path, ask: Ask
) -> None:
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=2", "--branch=better", repository.as_uri(), tmp_path],
        check=True,
    )
    subprocess.run(["git", "remote", "remove", "origin"], cwd=tmp_path, check=True)

    code, output, _ = ask("HEAD~1", "HEAD", tmp_path)

    assert code == 4
    assert output.endswith(BETTER)
    assert ask("HEAD~2", "HEAD", tmp_path) == (
        1,
        "",
        "error: expected a commit, branch or tag of this repository, found HEAD~2; "
        "the clone is shallow, `git fetch --unshallow` fetches the rest.\n",
    )


def test_unknown_commit_is_named_and_exits_with_1(ask: Ask) -> None:
    assert ask("nowhere", "base") == (
        1,
        "",
        "error: expected a commit, branch or tag of this repository, found nowhere.\n",
    )


@pytest.mark.parametrize("tag", NONSENSE)
def test_invalid_record_is_named_and_exits_with_1(ask: Ask, tag: str) -> None:
    code, output, error = ask("base", tag)

    assert (code, output) == (1, "")
    assert error.startswith("error: ")
    assert NONSENSE[tag][0] in error
    assert error.count("\n") == 1


def test_image_with_another_label_is_rejected(ask: Ask) -> None:
    code, output, error = ask("base", "dogs-for-cats")

    assert (code, output) == (1, "")
    assert "expected errors on the same test images, found image 0 with two labels; " in error


def test_folder_outside_of_git_exits_with_1(ask: Ask, tmp_path: Path) -> None:
    code, _, error = ask("base", "better", tmp_path)

    assert code == 1
    assert "not a git repository" in error
