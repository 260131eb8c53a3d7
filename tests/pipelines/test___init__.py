import importlib

import pytest

import pipelines

LOOPBACK = "127.0.0.1,localhost,::1"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, (LOOPBACK, LOOPBACK)),
        ({"NO_PROXY": "a.org"}, (f"a.org,{LOOPBACK}", f"a.org,{LOOPBACK}")),
        ({"no_proxy": "a.org"}, (f"a.org,{LOOPBACK}", f"a.org,{LOOPBACK}")),
        ({"NO_PROXY": "a", "no_proxy": "b"}, (f"a,{LOOPBACK}", f"b,{LOOPBACK}")),
        ({"NO_PROXY": "*"}, ("*", "*")),
        (
            {"no_proxy": " ::1 , a "},
            ("::1,a,127.0.0.1,localhost", "::1,a,127.0.0.1,localhost"),
        ),
    ],
)
def test_loopback_joins_the_hosts_that_no_proxy_serves(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], found: tuple[str, str]
) -> None:
    environment = dict(given)
    monkeypatch.setattr("os.environ", environment)

    importlib.reload(pipelines)

    assert (environment["NO_PROXY"], environment["no_proxy"]) == found
