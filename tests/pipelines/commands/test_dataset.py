from pathlib import Path

import numpy as np
import pytest

from pipelines.exit_codes import ExitCode
from stages.params.file import read_params
from tests.helpers import ROOT, pipelines
from tests.pipelines.repositories import run


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the project's parameters, and arrays in a subfolder."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    run(tmp_path, "git", "init", "--quiet")
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    (tmp_path / "more").mkdir()
    images = np.arange(40 * 8 * 8).reshape(40, 8, 8)
    np.savez(tmp_path / "more" / "arrays.npz", images=images, labels=np.arange(40) % 2)
    return tmp_path


def test_a_data_set_is_added_from_a_subfolder_with_every_option(repository: Path) -> None:
    options = ("--title", "Two", "--classes", "a,b", "--test-share", "0.5", "--use")

    done = pipelines(repository / "more", "dataset", "add", "two", "arrays.npz", *options)

    assert done.code == ExitCode.OK
    params = read_params(repository / "params.yaml")
    assert (params.dataset, params.recipe) == ("two", "two")
    assert (params.chosen_dataset.title, params.chosen_dataset.classes) == ("Two", ("a", "b"))
    assert params.chosen_dataset.expectations.test_images == 20


def test_a_refused_source_ends_with_the_code_of_an_error(
    repository: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert pipelines(repository, "dataset", "add", "two", "nowhere").code == ExitCode.ERROR
    assert capfd.readouterr().err.startswith("error: expected a folder, a .npz file, a URL or ")


def test_only_adding_is_known(repository: Path) -> None:
    assert pipelines(repository, "dataset", "drop", "two", "x").code == ExitCode.USAGE
