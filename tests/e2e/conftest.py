"""The browser of the journeys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e import browser


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each journey, so that `-m 'not e2e'` leaves the browser out."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Tell pytest-playwright which Chromium to start, and how."""
    return browser.launch_options()
