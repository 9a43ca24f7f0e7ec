"""Makes the pictures of the README anew: ``make screenshots``.

It starts the service on an empty database in a folder of its own, finds variants of a small
network, trains some of them, and photographs the pages in Chromium. ``ISOBUDGET_TEST_CHROMIUM``
names the browser if it is not ``/usr/bin/chromium``.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.sync_api import Page, sync_playwright

from app.client import Client
from app.shipped import example

FOLDER: Final = Path(__file__).parent
CHROMIUM: Final = os.environ.get("ISOBUDGET_TEST_CHROMIUM", "/usr/bin/chromium")
WIDTH: Final = 1280
HEIGHT: Final = 1180
STARTS_WITHIN: Final = 120.0


@contextmanager
def service() -> Iterator[str]:
    """The address of a service of its own, with a worker."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with TemporaryDirectory() as folder:
        settings = {
            "ISOBUDGET_DATABASE_URL": f"sqlite:///{folder}/screenshots.sqlite",
            "ISOBUDGET_CHECKPOINTS": f"{folder}/checkpoints",
        }
        command = [sys.executable, "-m", "app.cli", "up", "--port", str(port)]
        process = subprocess.Popen(command, env={**os.environ, **settings})
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def photographed(page: Page, address: str, name: str, *, whole: bool = False) -> None:
    """Write a picture of what a screen shows of a page, or of the whole page."""
    page.goto(address)
    page.wait_for_timeout(3_000)  # plots are drawn once they are seen
    page.screenshot(path=FOLDER / f"{name}.png", full_page=whole)


def main() -> None:
    """Make all pictures."""
    with service() as address, Client(address) as client, sync_playwright() as playwright:
        client.wait_until_ready(STARTS_WITHIN)
        search = client.search_request(example("digits-search"))
        job = client.train(search, dataset="digits", seeds=3, variants=4)
        job.wait()
        network = client.architecture(example("resnet18"))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        photographed(page, f"{address}/searches/{search.id}", "search")
        photographed(page, f"{address}/jobs/{job.id}", "job")
        photographed(page, f"{address}/jobs/{job.id}/report", "report", whole=True)
        photographed(page, f"{address}/networks/{network.id}", "network")
        browser.close()


if __name__ == "__main__":
    main()
