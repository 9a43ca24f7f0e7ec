"""Lists and workers in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.db.engine import Database
from tests.e2e.processes import kill, serving, stop, working
from tests.factories import only_run, queued_job, solved_search, until

LEASE = 10.0
PATIENCE = 120_000
"""In milliseconds; much longer than a lease."""

pytestmark = pytest.mark.browser


def test_a_worker_is_busy_until_it_is_killed_and_silent_then(
    page: Page, sqlite_database: Database, tmp_path: Path
) -> None:
    job = queued_job(sqlite_database, seeds=1, epochs=10_000)
    with (
        serving(sqlite_database, solver_processes=0) as client,
        working(sqlite_database, tmp_path, lease=LEASE) as process,
    ):
        page.goto(f"{client.base_url}/workers")
        worker = page.locator(".worker")
        expect(worker.locator(".state")).to_have_text("busy", timeout=PATIENCE)
        expect(worker).to_contain_text(only_run(sqlite_database).worker or "")
        until(lambda: only_run(sqlite_database).epochs_done > 0)
        expect(worker).not_to_contain_text("epoch 0 of", timeout=PATIENCE)
        its_job = worker.get_by_role("link", name=f"job {job.id[:8]}")
        its_job.focus()

        kill(process)

        expect(worker.locator(".state")).to_have_text("silent", timeout=PATIENCE)
        expect(worker).to_contain_text("last heard of")
        expect(its_job).to_be_focused()


def test_a_worker_is_idle_until_it_is_stopped_and_stopped_then(
    page: Page, sqlite_database: Database, tmp_path: Path
) -> None:
    with (
        serving(sqlite_database, solver_processes=0) as client,
        working(sqlite_database, tmp_path, lease=LEASE) as process,
    ):
        page.goto(f"{client.base_url}/workers")
        worker = page.locator(".worker")
        expect(worker.locator(".state")).to_have_text("idle", timeout=PATIENCE)
        expect(worker).to_contain_text(f"Process {process.pid}")

        assert stop(process) == 0

        expect(worker.locator(".state")).to_have_text("stopped", timeout=PATIENCE)


def test_filters_stand_in_the_address_and_variants_are_ticked_to_compare_them(
    page: Page, sqlite_database: Database
) -> None:
    with sqlite_database.write() as session:
        solved_search(session, limit=20)
    with serving(sqlite_database, solver_processes=0) as client:
        page.goto(f"{client.base_url}/variants")
        page.get_by_label("Approach").select_option("IV")
        page.get_by_text("Bounds of").click()
        page.get_by_label("Least resolution").fill("6")
        page.get_by_role("button", name="Filter").click()
        page.wait_for_url("**/variants?approach=IV&min_resolution=6")
        expect(page.get_by_label("Least resolution")).to_have_value("6")

        button = page.get_by_role("button", name="Compare")
        boxes = page.get_by_role("checkbox")
        expect(button).to_be_disabled()
        for place in range(5):
            boxes.nth(place).check()
        expect(button).to_have_text("Compare 5")
        expect(boxes.nth(5)).to_be_disabled()
        boxes.nth(0).uncheck()
        expect(boxes.nth(5)).to_be_enabled()

        page.get_by_role("link", name="Resolution", exact=True).click()
        page.wait_for_url("**/variants?approach=IV&min_resolution=6&sort=-resolution")
