"""The browser the journeys run in."""

import pytest
from playwright.sync_api import Error, Page


class TestBrowser:
    def test_opens_a_page(self, page: Page) -> None:
        page.set_content("<h1>Portico</h1>")

        assert page.get_by_role("heading").inner_text() == "Portico"

    def test_reaches_no_other_machine(self, page: Page) -> None:
        with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
            page.goto("http://app.example.com/")
