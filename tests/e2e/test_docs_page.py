"""The OpenAPI page in a real browser."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from app.db.engine import Database
from tests.conftest import missing
from tests.e2e.processes import serving
from tests.factories import PATIENCE

CHROMIUM = Path(os.environ.get("ISOBUDGET_TEST_CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

pytestmark = pytest.mark.browser


@pytest.fixture
def page() -> Iterator[Page]:
    """An empty page, which asks for nothing outside this machine."""
    if not CHROMIUM.exists():
        missing(f"no Chromium at {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = browser.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        yield page
        browser.close()
    outside = [url for url in asked if not url.startswith(("http://127.0.0.1", "data:", "blob:"))]
    assert outside == []
    assert [text for text in complaints if not text.startswith(("log:", "info:"))] == []


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
