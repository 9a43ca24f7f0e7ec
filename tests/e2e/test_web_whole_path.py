"""What a new user does, from a pasted network to a report, on the pages alone."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.db.engine import Database
from app.shipped import example
from tests.e2e.processes import serving, working
from tests.factories import PATIENCE

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _patient() -> None:
    expect.set_options(timeout=PATIENCE * 1000)


def test_a_network_is_pasted_solved_trained_and_reported(
    page: Page, sqlite_database: Database, tmp_path: Path
) -> None:
    with serving(sqlite_database) as client:
        page.goto(str(client.base_url))
        page.get_by_role("link", name="New search").first.click()
        page.locator("#architecture").fill(json.dumps(example("digits-search")))
        expect(page.locator("#counted")).to_contain_text("1,556 variants")
        page.get_by_role("button", name="Solve").click()
        expect(page.get_by_text("1,556 variants. Every solution is here.")).to_be_visible()

        page.get_by_text("Filters", exact=True).click()
        page.get_by_label("Filter 1").select_option("resolution")
        page.get_by_label("from").first.fill("8")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_text("of 1,556 pass")).to_be_visible()
        page.get_by_label("Train variant").first.check()
        page.get_by_label("Seeds").fill("2")
        page.get_by_role("button", name="Train").click()
        expect(page.get_by_text("0 of 4 runs have ended")).to_be_visible()

        with working(sqlite_database, tmp_path):
            page.reload()
            expect(page.locator("#progress")).to_contain_text("4 of 4 runs have ended")
        expect(page.get_by_role("heading", name="Estimates")).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download the report").click()
        assert download.value.suggested_filename.endswith(".html")


def test_a_search_without_a_solution_says_why_and_opens_one(
    page: Page, sqlite_database: Database
) -> None:
    asked = {
        **example("digits-search"),
        "approach": "III",
        "budget": "flops",
        "ranges": {"resolution": [6, 7]},
    }
    with serving(sqlite_database) as client:
        search = client.post("/v1/searches", json=asked, headers={"Prefer": "wait=60"}).json()
        page.goto(f"{client.base_url}/searches/{search['id']}")
        expect(page.get_by_text("4,124 FLOPs").first).to_be_visible()

        page.get_by_role("button", name="Solve with a tolerance of 0.19").click()

        page.wait_for_url(lambda url: search["id"] not in url)
        expect(page.locator("figure.plot svg").first).to_be_visible()
