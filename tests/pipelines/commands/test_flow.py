from typing import Any

import pytest
from prefect.settings import get_current_settings

from pipelines.commands import flow
from pipelines.flows import pipeline


class Ended:
    def is_completed(self) -> bool:
        return True


def test_the_log_of_the_temporary_server_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """It logs a traceback if it is stopped while it saves an event."""
    handed: dict[str, Any] = {}

    def run(*, return_state: bool) -> Ended:
        assert return_state
        # What Prefect hands to the process of the temporary server.
        handed.update(get_current_settings().to_environment_variables(exclude_unset=True))
        return Ended()

    monkeypatch.setattr(pipeline, "pipeline", run)

    with pytest.raises(SystemExit) as ended:
        flow.main()

    assert not ended.value.code
    assert handed["PREFECT_SERVER_LOGGING_LEVEL"] == "CRITICAL"
