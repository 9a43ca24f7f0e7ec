"""``python -m benchmarks.pages``: how soon a browser shows pages with much on them.

Each page is opened in a Chromium that knows nothing yet, and timed from the request until its plot
or table is seen. The server knows nothing yet, either: it is started for each page.
"""

import time
from contextlib import closing
from typing import Final, NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from app.db import searches
from app.db.engine import Database
from benchmarks.databases import Store, sqlite
from benchmarks.servers import api
from benchmarks.storing import claimed, repeated, solved_example
from benchmarks.timing import report
from benchmarks.trained import trained_job
from solver.answers.variants import Answer

CHROMIUM: Final = "/usr/bin/chromium"
ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
PLOT: Final = "figure.plot svg"
KILOBYTE: Final = 1000
VARIANTS: Final = 99
SEEDS: Final = 10
"""Of the job: with the original's, a thousand runs."""
GOALS: Final = {
    "plot_100k_s": "at most 1.5",
    "plot_100k_kb": "at most 600",
    "plot_1m_s": "at most 2.5",
    "job_1000_runs_s": "at most 1",
}
"""Goal of each figure."""


class Opened(NamedTuple):
    """A page that was opened: the seconds until it was seen, and all bytes that it took."""

    seconds: float
    transferred: int


def measure(quick: bool) -> dict[str, float]:
    """Return all figures by name; quickly, without that of a million variants."""
    found = solved_example()
    figures = {}
    with sqlite() as store, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS])
        many = _plot(browser, store, repeated(found, 100_000))
        figures = {
            "plot_100k_s": many.seconds,
            "plot_100k_kb": many.transferred / KILOBYTE,
        }
        if not quick:
            figures["plot_1m_s"] = _plot(browser, store, repeated(found, 1_000_000)).seconds
        figures["job_1000_runs_s"] = _job(browser, store, found).seconds
        browser.close()
    return figures


def _plot(browser: Browser, store: Store, answer: Answer) -> Opened:
    """Open the page of a search with these variants."""
    with closing(store.empty()) as database:
        id_ = _stored(database, answer)
        with api(database) as server:
            return opened(browser, f"http://127.0.0.1:{server.port}/searches/{id_}", PLOT)


def _job(browser: Browser, store: Store, answer: Answer) -> Opened:
    """Open the page of a job whose runs have all ended."""
    with closing(store.empty()) as database:
        search_id = _stored(database, answer)
        job_id = trained_job(database, search_id, VARIANTS, SEEDS)
        with api(database) as server:
            return opened(browser, f"http://127.0.0.1:{server.port}/jobs/{job_id}", PLOT)


def _stored(database: Database, answer: Answer) -> str:
    search = claimed(database)
    with database.write() as session:
        searches.record(session, search.id, search.attempt, answer)
    return search.id


def opened(browser: Browser, url: str, awaited: str) -> Opened:
    """Open a page with an empty cache, and wait until an element of it is seen.

    What it loads afterwards, such as Plotly, is waited for before the bytes are counted.
    """
    context = browser.new_context()
    page = context.new_page()
    transferred = _count_transfers(page)
    begin = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator(awaited).first.wait_for()
    seconds = time.perf_counter() - begin
    page.locator(".main-svg").first.wait_for()
    page.wait_for_load_state("networkidle")
    context.close()
    return Opened(seconds, sum(transferred))


def _count_transfers(page: Page) -> list[int]:
    """A list that gets the bytes of each answer, as they were sent."""
    sizes: list[int] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    return sizes


def main() -> None:
    """Print the figures."""
    report("How soon a browser shows pages with much on them", measure, GOALS)


if __name__ == "__main__":
    main()
