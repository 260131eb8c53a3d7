import contextlib
from pathlib import Path

import pytest

from tests.pipelines.repositories import set_dvc_remote


def test_error_without_a_reason_is_reported_by_its_type(
    toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pipelines.dvc.processes import remote  # noqa: PLC0415 - imports DVC

    def abort(*_: object, **__: object) -> None:
        raise ConnectionAbortedError

    set_dvc_remote(toy, "../../store")
    monkeypatch.setattr("dvc.data_cloud.DataCloud.get_remote_odb", abort)
    with contextlib.chdir(toy), pytest.raises(SystemExit):
        remote.main(toy, tmp_path / "names")
    assert capsys.readouterr().err == (
        "error: DVC's remote store: ConnectionAbortedError; run `make doctor`.\n"
    )
