"""The page of a search in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.db.engine import Database
from tests.e2e.processes import serving
from tests.factories import queued_search, solved_search

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECONDS = 120_000
expect.set_options(timeout=SECONDS)


def test_variants_are_filtered_compared_and_trained(
    page: Page, sqlite_database: Database, tmp_path: Path
) -> None:
    with sqlite_database.write() as session:
        id_ = solved_search(session).id
    with serving(sqlite_database, solver_processes=0) as client:
        page.goto(f"{client.base_url}/searches/{id_}")
        plot = page.locator("figure.plot")
        expect(plot.locator(".main-svg").first).to_be_visible()
        expect(plot.locator(".xtick text")).to_have_text(["5", "6", "7", "8"])

        with page.expect_download() as saved:
            plot.get_by_role("button", name="as PNG").click()
        assert saved.value.suggested_filename.endswith(".png")
        saved.value.save_as(tmp_path / "plot.png")
        assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")

        page.get_by_text("Filters", exact=True).click()
        page.get_by_label("Filter 1").select_option("resolution")
        page.get_by_label("from").first.fill("8")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_text("of 1,556 pass")).to_be_visible()
        assert "by1=resolution&from1=8" in page.url

        page.get_by_text("Columns: 7 of 7 unknowns").click()
        page.get_by_label("C2'").uncheck()
        page.get_by_role("button", name="Show these columns").click()
        expect(page.get_by_text("Columns: 6 of 7 unknowns")).to_be_visible()
        expect(page.get_by_text("of 1,556 pass")).to_be_visible()

        page.get_by_role("link", name="Compare variant").first.click()
        expect(page.get_by_role("heading", name="The original beside variant")).to_be_visible()

        page.get_by_label("Train variant").nth(1).check()
        page.get_by_label("Seeds").fill("1")
        page.get_by_role("button", name="Train").click()
        page.wait_for_url("**/jobs/*")

        (job,) = client.get("/v1/jobs").json()["items"]
        assert job["request"]["search_id"] == id_
        assert len(job["request"]["variants"]["ids"]) == 1


def test_a_zoom_asks_the_server_and_becomes_a_filter(page: Page, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        id_ = solved_search(session).id
    with serving(sqlite_database, solver_processes=0) as client:
        page.goto(f"{client.base_url}/searches/{id_}")
        area = page.locator("figure.plot .nsewdrag").first
        expect(area).to_be_visible()
        area.scroll_into_view_if_needed()
        box = area.bounding_box()
        assert box is not None

        with page.expect_response(lambda answer: "/plot?" in answer.url and "x0=" in answer.url):
            page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.3 * box["height"])
            page.mouse.down()
            page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.9 * box["height"], steps=5)
            page.mouse.up()
        page.get_by_role("button", name="Filter by the part that is shown").click()

        expect(page.get_by_text("of 1,556 pass")).to_be_visible()
        assert "by2=resolution" in page.url
        assert "by3=flops" in page.url


def test_a_search_that_is_cancelled_says_so(page: Page, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        id_ = queued_search(session).id
    with serving(sqlite_database, solver_processes=0) as client:
        page.goto(f"{client.base_url}/searches/{id_}")
        expect(page.get_by_role("status")).to_contain_text("0 found so far")

        page.get_by_role("button", name="Cancel").click()

        expect(page.get_by_text("The search was cancelled")).to_be_visible()


def test_a_search_is_shown_as_soon_as_it_has_ended(page: Page, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        id_ = queued_search(session).id
    with serving(sqlite_database, solver_processes=0) as waiting:
        page.goto(f"{waiting.base_url}/searches/{id_}")
        expect(page.get_by_role("status")).to_be_visible()

        with serving(sqlite_database, solver_processes=1):
            expect(page.get_by_text("1,556 variants.")).to_be_visible()


def test_the_page_is_read_without_scripts(page: Page, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        id_ = solved_search(session).id
    browser = page.context.browser
    assert browser is not None
    plain = browser.new_context(java_script_enabled=False).new_page()
    with serving(sqlite_database, solver_processes=0) as client:
        plain.goto(f"{client.base_url}/searches/{id_}?chosen=7")

        expect(plain.locator("figure.plot svg")).to_be_visible(timeout=SECONDS)
        expect(plain.get_by_text("1 to 50 of 1,556 variants")).to_be_visible()
        expect(plain.get_by_role("heading", name="The original beside variant #7")).to_be_visible()
