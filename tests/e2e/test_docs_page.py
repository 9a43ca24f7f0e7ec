"""The OpenAPI page in a real browser."""

import pytest
from playwright.sync_api import Page

from app.db.engine import Database
from tests.e2e.processes import serving

pytestmark = pytest.mark.browser


def test_the_example_of_a_search_is_sent_from_the_page_and_answered(
    page: Page, sqlite_database: Database
) -> None:
    with serving(sqlite_database) as client:
        page.goto(f"{client.base_url}/docs")
        block = page.locator("#operations-searches-create_search")
        block.locator(".opblock-summary-control").click()
        block.get_by_role("button", name="Try it out").click()
        block.get_by_role("button", name="Execute").click()

        answer = block.locator(".live-responses-table .response").first
        answer.wait_for()

        assert answer.locator(".response-col_status").inner_text().startswith("201")
        assert '"outcome": "complete"' in answer.inner_text()
