"""Pages of jobs in a browser, while they are trained."""

from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, expect

from app.db.engine import Database
from app.shipped import example
from tests.e2e.processes import serving, working

pytestmark = pytest.mark.browser

WAIT = 240_000
"""Milliseconds: training shares its machine with other tests."""


def queued(client: httpx2.Client) -> str:
    """The address of the page of a small job on digits."""
    search = client.post(
        "/v1/searches", json=example("digits-search"), headers={"Prefer": "wait=60"}
    )
    body = {
        "search_id": search.json()["id"],
        "dataset": "digits",
        "variants": {"select": "random", "count": 2},
        "seeds": 2,
        "recipe": {"name": "fast", "epochs": 3},
    }
    job = client.post("/v1/jobs", json=body)
    assert job.status_code == 202, job.text
    return f"{client.base_url}/jobs/{job.json()['id']}"


def test_a_job_is_watched_in_two_tabs_from_its_queue_to_its_report(
    page: Page, sqlite_database: Database, tmp_path: Path
) -> None:
    with serving(sqlite_database) as client:
        address = queued(client)
        page.goto(address)
        other = page.context.new_page()
        other.goto(address)
        expect(page.get_by_text("0 of 6 runs have ended")).to_be_visible()
        page.locator("#runs-V2 summary").click()

        with working(sqlite_database, tmp_path):
            expect(page.locator("#progress")).to_contain_text("In training now", timeout=WAIT)
            other.reload()
            curves = page.locator('figure[data-title^="Learning curves"]')
            expect(curves.locator(".js-plotly-plot")).to_be_visible(timeout=WAIT)
            drawn = curves.element_handle()
            for tab in (page, other):
                expect(tab.locator("#progress")).to_contain_text(
                    "6 of 6 runs have ended", timeout=WAIT
                )
                expect(tab.locator("#job")).not_to_have_attribute("sse-connect", timeout=WAIT)

        expect(page.get_by_role("heading", name="Estimates")).to_be_visible()
        expect(page.get_by_role("button", name="Cancel the job")).to_have_count(0)
        assert page.locator("#runs-V2").evaluate("details => details.open")
        assert drawn is not None
        assert drawn.evaluate("figure => figure.isConnected"), "a reader's plot stays"
        with page.expect_download() as download:
            page.get_by_role("link", name="Download the report").click()
        report = tmp_path / download.value.suggested_filename
        download.value.save_as(report)
        assert report.name.startswith("isobudget-job-")
        assert "Learning curves" in report.read_text()
        page.get_by_role("link", name="Report", exact=True).click()
        expect(page.locator('svg[aria-label^="Learning curves"]')).to_be_visible()
        assert page.evaluate("self.origin") == "null", "it is shown in a sandbox"


def test_a_job_is_cancelled_from_its_page(page: Page, sqlite_database: Database) -> None:
    with serving(sqlite_database) as client:
        page.goto(queued(client))
        page.get_by_role("button", name="Cancel the job").click()

        expect(page.locator("#progress")).to_contain_text("cancelled")
        page.get_by_role("button", name="Try failed and cancelled runs again").click()

        expect(page.get_by_role("button", name="Cancel the job")).to_be_visible()
