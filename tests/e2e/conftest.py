"""A page in a real browser."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import missing
from tests.factories import PATIENCE

CHROMIUM = Path(os.environ.get("ISOBUDGET_TEST_CHROMIUM", "/usr/bin/chromium"))
OURS = ("http://127.0.0.1", "data:", "blob:")
"""How the addresses begin that pages may ask for."""
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        missing(f"no Chromium at {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page; neither it nor its further tabs ask for anything outside this machine.

    Nothing but what a script logs on purpose may be on the console.
    """
    context = browser.new_context()
    context.set_default_timeout(PATIENCE * 1000)
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    yield context.new_page()
    outside = [url for url in asked if not url.startswith(OURS)]
    assert outside == []
    assert [text for text in complaints if not text.startswith(("log:", "info:"))] == []
