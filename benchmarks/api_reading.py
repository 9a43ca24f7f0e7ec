"""Figures of :mod:`benchmarks.api` on reading variants: one, pages, and tables."""

import io
import json
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from statistics import median
from typing import Final

from sqlalchemy.exc import OperationalError

from app.db import searches
from app.db.engine import Database
from benchmarks import storing
from benchmarks.databases import Store, postgres, sqlite
from benchmarks.load import Target, load
from benchmarks.servers import Server, api, hello
from benchmarks.windows import Size, rate_ratio

GOALS: Final = {
    "variant_sqlite": "at least 0.25",
    "variant_postgres": "at least 0.18",
    "page_of_50": "at least 0.12",
    "page_2000": "at most 1.2",
    "page_2000_sorted": "at most 1.2",
    "csv_100k_s": "at most 1.5",
    "csv_100k_frame_s": "at most 3",
}
"""Goal of each figure."""
PAGE: Final = 50
ROWS: Final = 100_000


def one_variant(size: Size) -> dict[str, float]:
    """Return the rates of one variant, and of a page, over that of the yardstick."""
    with sqlite() as store:
        variant, page = _ratios(store, size, ["/v1/variants/{id}-1", "/v1/searches/{id}/variants"])
    figures = {"variant_sqlite": variant, "page_of_50": page}
    try:
        with postgres() as store:
            (figures["variant_postgres"],) = _ratios(store, size, ["/v1/variants/{id}-1"])
    except (OperationalError, ModuleNotFoundError) as away:
        print(f"PostgreSQL is left out: {type(away).__name__}", file=sys.stderr)
    return figures


def _ratios(store: Store, size: Size, paths: Sequence[str]) -> list[float]:
    """Return the rate of each path, in which a search's id is put, over that of the yardstick."""
    with (
        _serving(store, PAGE + 1) as (ours, search_id),
        hello() as yardstick,
        load() as client,
    ):
        targets = [ours.target(path.format(id=search_id)) for path in paths]
        return [rate_ratio(client, it, yardstick.target("/hello"), size) for it in targets]


def many_variants(size: Size) -> dict[str, float]:
    """Return what page 2,000 takes over the first page, and the seconds of a table."""
    with sqlite() as store, _serving(store, size.variants) as (ours, search_id), load() as client:
        path = f"/v1/searches/{search_id}/variants"
        figures = {}
        for name, sort in (("page_2000", ""), ("page_2000_sorted", "&sort=-coverage")):
            first, last = (ours.target(it) for it in _first_and_last(ours, path, sort))
            figures[name] = rate_ratio(client, first, last, size)
        sent, framed = [], []
        for _ in range(size.starts):
            content, seconds = _table(ours.target("/v1/variants.csv"), ROWS)
            sent.append(seconds)
            framed.append(seconds + _frame_seconds(content))
    return {**figures, "csv_100k_s": median(sent), "csv_100k_frame_s": median(framed)}


def _first_and_last(server: Server, path: str, sort: str) -> tuple[str, str]:
    """Return the first page and the 2,000th one, as paths; all before it are read."""
    first = f"{path}?limit={PAGE}{sort}"
    cursor = ""
    for _ in range(1_999):
        cursor = "&cursor=" + _json(server.target(first + cursor))["next"]
    return first, first + cursor


def _json(target: Target) -> dict[str, str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{target.port}{target.path}") as answer:
        found: dict[str, str] = json.load(answer)
        return found


def _table(target: Target, rows: int) -> tuple[bytes, float]:
    """Return the first ``rows`` lines of a table, and the seconds until they were there."""
    begin, parts, lines = time.perf_counter(), list[bytes](), 0
    with urllib.request.urlopen(f"http://127.0.0.1:{target.port}{target.path}") as answer:
        while lines <= rows and (part := answer.read1(1 << 20)):
            parts.append(part)
            lines += part.count(b"\n")
    content = b"".join(parts)
    return content[: content.rindex(b"\n") + 1], time.perf_counter() - begin


def _frame_seconds(content: bytes) -> float:
    """Return the seconds that pandas takes to read a table."""
    import pandas as pd

    begin = time.perf_counter()
    frame = pd.read_csv(io.BytesIO(content))
    seconds = time.perf_counter() - begin
    assert len(frame) >= ROWS
    return seconds


@contextmanager
def _serving(store: Store, variants: int) -> Iterator[tuple[Server, str]]:
    """Serve a database with one search of so many variants; its id."""
    with closing(store.empty()) as database:
        id_ = _stored(database, variants)
        with api(database) as server:
            yield server, id_


def _stored(database: Database, variants: int) -> str:
    answer = storing.repeated(storing.solved_example(), variants)
    search = storing.claimed(database)
    with database.write() as session:
        searches.record(session, search.id, search.attempt, answer)
    return search.id
