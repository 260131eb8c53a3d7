"""Faults on a finished project: each test gets a copy of its own."""

from pathlib import Path

import pytest

from tests.forks import import_stages_too


def pytest_collection_finish(session: pytest.Session) -> None:
    if any(item.path.is_relative_to(Path(__file__).parent) for item in session.items):
        import_stages_too()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.slow)
