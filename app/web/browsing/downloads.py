"""The lists as CSV, with the filters of their pages."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import Query, Response

from app.api.dependencies import TheDatabase, TheSettings
from app.api.encodings import AcceptEncoding
from app.db.engine import Database
from app.services import datasets, jobs, named_networks, searches, studies, workers
from app.web.browsing import columns
from app.web.browsing.columns import ListedJob, ListedSearch
from app.web.browsing.queries import (
    PAGE,
    JobsQuery,
    NetworksQuery,
    SearchesQuery,
    StudiesQuery,
)
from app.web.routes import PageRouter
from app.web.tables import all_pages, csv

router = PageRouter()


@router.get("/searches.csv")
def download_searches(
    query: Annotated[SearchesQuery, Query()],
    database: TheDatabase,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """Searches, the newest first."""
    return csv("searches", columns.SEARCHES, _searches(database, query), accept_encoding)


@router.get("/jobs.csv")
def download_jobs(
    query: Annotated[JobsQuery, Query()],
    database: TheDatabase,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """Jobs, the newest first."""
    return csv("jobs", columns.JOBS, _jobs(database, query), accept_encoding)


@router.get("/studies.csv")
def download_studies(
    query: Annotated[StudiesQuery, Query()],
    database: TheDatabase,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """Studies, the newest first."""
    found = all_pages(lambda cursor: studies.newest(database, cursor, PAGE, **query.wanted))
    return csv("studies", columns.STUDIES, found, accept_encoding)


@router.get("/networks.csv")
def download_networks(
    query: Annotated[NetworksQuery, Query()],
    database: TheDatabase,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """Networks, the newest first."""
    found = all_pages(lambda cursor: named_networks.newest(database, cursor, PAGE, **query.asked))
    return csv("networks", columns.NETWORKS, found, accept_encoding)


@router.get("/datasets.csv")
def download_datasets(settings: TheSettings, accept_encoding: AcceptEncoding = None) -> Response:
    """The data sets, and whether this server has them."""
    items = datasets.known(settings.data_dir).items
    return csv("datasets", columns.DATASETS, [items], accept_encoding)


@router.get("/workers.csv")
def download_workers(database: TheDatabase, accept_encoding: AcceptEncoding = None) -> Response:
    """The workers that were heard of lately, the last one that began first."""
    found = all_pages(lambda cursor: workers.newest(database, cursor, PAGE))
    return csv("workers", columns.WORKERS, found, accept_encoding)


def _searches(database: Database, query: SearchesQuery) -> Iterator[Sequence[ListedSearch]]:
    for found in all_pages(lambda cursor: searches.newest(database, cursor, PAGE, **query.filter)):
        names = named_networks.names(database, {it.original.id for it in found})
        yield [ListedSearch(it, names.get(it.original.id)) for it in found]


def _jobs(database: Database, query: JobsQuery) -> Iterator[Sequence[ListedJob]]:
    for found in all_pages(lambda cursor: jobs.newest(database, cursor, PAGE, **query.wanted)):
        origins = named_networks.origins(database, {it.request.search_id for it in found})
        yield [ListedJob(it, origins.get(it.request.search_id)) for it in found]
