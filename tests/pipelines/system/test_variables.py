from pathlib import Path

import pytest

from pipelines.system.process import output
from pipelines.system.variables import environment_for_programs


def test_every_variable_that_git_lists_is_removed_but_its_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = set(output(tmp_path, ["git", "rev-parse", "--local-env-vars"], "git").split())
    for name in listed:
        monkeypatch.setenv(name, "x")

    kept = listed & set(environment_for_programs())

    assert kept == {"GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"}
