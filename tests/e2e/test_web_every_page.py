"""What holds for every page: it shuts nobody out, runs nothing but our files, and fits a phone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

import httpx2
import pytest
from fastapi.routing import iter_route_contexts
from playwright.sync_api import Browser, Page

from app.config import Settings
from app.db.engine import Database
from app.main import create_app
from app.shipped import example
from app.web.pages import POLICY
from tests.e2e.conftest import OURS
from tests.e2e.processes import serving
from tests.workers import FakeWorker

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js").read_text(encoding="utf-8")
FAULTS = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations
    .filter(it => ["serious", "critical"].includes(it.impact))
    .map(it => `${it.id}: ${it.nodes.map(node => node.html.slice(0, 200)).join(" | ")}`);
}"""
HOSTILE = "<img src=x onerror='window.isHacked=true'>\"'&" + "x" * 40
NOT_PAGES = (
    "/v1/", "/static", "/docs", "/redoc", "/openapi", "/metrics", "/healthz", "/readyz",
)  # fmt: skip
PARTS = ("/progress", "/results", "/changes", "/report", "/plot", ".json", ".csv")
"""Ends of addresses that answer a part of a page, or a file."""
Scheme: TypeAlias = Literal["light", "dark"]
VIEWS: tuple[tuple[int, Scheme], ...] = ((1440, "light"), (1440, "dark"), (390, "light"))


def filled(client: httpx2.Client, database: Database) -> dict[str, str]:
    """Put something of every kind into a database; the ids, by the first part of a page's path."""
    named = {**example("digits-architecture"), "name": HOSTILE}
    network = client.post("/v1/architectures", json=named).json()["id"]
    asked = {**example("digits-search"), "architecture": named}
    search = client.post("/v1/searches", json=asked).json()["id"]
    client.post("/v1/searches", json={**asked, "ranges": {"resolution": [400, 400]}})
    job = client.post("/v1/jobs", json={"search_id": search, "dataset": "digits", "seeds": 3})
    client.post("/v1/studies", json=example("digits-study"))
    FakeWorker(database).work()
    return {
        "networks": network,
        "searches": search,
        "variants": f"{search}-0",
        "jobs": job.json()["id"],
        "studies": client.get("/v1/studies").json()["items"][0]["id"],
    }


def pages(ids: dict[str, str]) -> Iterator[str]:
    """The address of every page, and of the infeasible search."""
    for route in iter_route_contexts(create_app(Settings(solver_processes=0)).routes):
        path = str(route.path)
        is_page = not path.startswith(NOT_PAGES) and not path.endswith(PARTS)
        is_page &= "{" not in path.replace("{id}", "")
        if is_page and route.methods and "GET" in route.methods:
            first = path.split("/")[1]
            yield path.replace("{id}", ids.get(first, ""))
    yield f"/compare?ids={ids['networks']},{ids['variants']}"


def views(browser: Browser) -> Iterator[Page]:
    for width, scheme in VIEWS:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        yield context.new_page()
        context.close()


def test_every_page_can_be_read_by_all_on_all_screens(
    browser: Browser, sqlite_database: Database
) -> None:
    with serving(sqlite_database) as client:
        addresses = list(dict.fromkeys(pages(filled(client, sqlite_database))))
        assert len(addresses) > 14
        infeasible = [
            item["id"]
            for item in client.get("/v1/searches").json()["items"]
            if item["outcome"] == "infeasible"
        ]
        addresses += [f"/searches/{id_}" for id_ in infeasible]
        faults = []
        asked: list[str] = []
        for view in views(browser):
            view.on("request", lambda request: asked.append(request.url))
            for address in addresses:
                answer = view.goto(f"{client.base_url}{address}")
                assert answer
                if answer.status != 200:
                    faults.append(f"{address}: {answer.status}")
                if answer.headers.get("content-security-policy") != POLICY:
                    faults.append(f"{address}: another policy")
                view.evaluate(AXE)
                found = [*view.evaluate(FAULTS), *_others(view)]
                faults += [f"{address} ({view.viewport_size}): {fault}" for fault in found]
    assert not faults, "\n".join(faults)
    assert len(asked) > len(addresses)
    assert [url for url in asked if not url.startswith(OURS)] == []


def _others(view: Page) -> Iterator[str]:
    if view.evaluate("window.isHacked"):
        yield "it ran a script that stood in a name"
    if view.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        yield "it scrolls sideways"
