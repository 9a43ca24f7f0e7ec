"""``/v1/searches``."""

import asyncio
import re
import time
from typing import Annotated

from fastapi import Body, Header, Path, Query, Response
from starlette.concurrency import run_in_threadpool

from app.api import examples
from app.api.dependencies import (
    ID_PATTERN,
    Cursor,
    IdempotencyKey,
    Limit,
    TheDatabase,
    TheSolvers,
)
from app.api.routes import Router
from app.db.engine import Database
from app.errors import Fault, RefusedError
from app.schemas.requests import SearchRequest
from app.schemas.searches import SearchPage, SearchView
from app.schemas.variants import VariantPage
from app.services import searches, variant_pages

router = Router(prefix="/v1/searches", tags=["searches"])

LONGEST_WAIT = 60.0
LOOK_SECONDS = 0.02

Id = Annotated[str, Path(pattern=ID_PATTERN, max_length=64, examples=[examples.SEARCH_ID])]
RemovedId = Annotated[
    str, Path(pattern=ID_PATTERN, max_length=64, examples=[examples.REMOVED_SEARCH_ID])
]
Prefer = Annotated[
    str, Header(description="`wait=N`: how many seconds to wait for the answer (RFC 7240)")
]


@router.post(
    "",
    status_code=201,
    responses={
        202: {"model": SearchView, "description": "The search goes on"},
        404: {"description": "There is no such architecture"},
    },
)
async def create_search(
    request: Annotated[
        SearchRequest,
        Body(
            openapi_examples={
                "exact": {
                    "summary": "Exactly as many parameters",
                    "value": examples.SEARCH,
                },
                "tolerant": {
                    "summary": "At most as many FLOPs, and at least 98 %",
                    "value": examples.TOLERANT_SEARCH,
                },
            }
        ),
    ],
    database: TheDatabase,
    solvers: TheSolvers,
    idempotency_key: IdempotencyKey,
    response: Response,
    prefer: Prefer = "wait=10",
) -> SearchView:
    """Find all variants of an architecture with an equal budget, or the proof that there are none.

    201 when the search finished while you waited, else 202: then poll `Location`.
    """
    wait = _seconds(prefer)
    id_ = await run_in_threadpool(searches.create, database, request, idempotency_key)
    solvers.wake()
    ended = await _ended(database, id_, wait)
    response.headers["Location"] = f"/v1/searches/{id_}"
    if not ended:
        response.status_code = 202
        response.headers["Retry-After"] = "1"
    return await run_in_threadpool(searches.get, database, id_)


@router.get("")
def list_searches(database: TheDatabase, limit: Limit = 50, cursor: Cursor = None) -> SearchPage:
    """Searches without their variants, the newest first."""
    return searches.newest(database, cursor, limit)


@router.get("/{id}")
def get_search(id: Id, database: TheDatabase) -> SearchView:  # noqa: A002
    """One search with its first 50 variants."""
    return searches.get(database, id)


@router.get("/{id}/variants")
def list_search_variants(
    id: Id,  # noqa: A002
    database: TheDatabase,
    sort: Annotated[
        str | None,
        Query(
            max_length=200,
            examples=["-resolution,params"],
            description="Any of `resolution, params, flops, coverage, receptive_field`, `-` for "
            "descending; without, the solver's order: by the unknowns, `N` first",
        ),
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> VariantPage:
    """The variants that a search found, page by page."""
    return variant_pages.of_search(database, id, sort, cursor, limit)


@router.delete("/{id}", status_code=204, responses={409: {"description": "A job refers to it"}})
def delete_search(id: RemovedId, database: TheDatabase) -> None:  # noqa: A002
    """Cancel a search that runs; remove one that has ended. What jobs refer to is kept: 409."""
    searches.delete(database, id)


async def _ended(database: Database, id_: str, wait: float) -> bool:
    """Wait up to ``wait`` seconds for the end of a search. Returns whether it has ended."""
    deadline = time.monotonic() + wait
    while not (ended := await run_in_threadpool(searches.has_ended, database, id_)):
        if time.monotonic() > deadline:
            break
        await asyncio.sleep(LOOK_SECONDS)
    return ended


def _seconds(prefer: str) -> float:
    """Read ``wait=N`` (RFC 7240), and ignore other preferences.

    Raises
    ------
    RefusedError
        N is not a number.
    """
    for preference in prefer.split(","):
        name, _, value = preference.strip().partition("=")
        if name.lower() != "wait":
            continue
        if not re.fullmatch(r"\d{1,6}(\.\d+)?", value):
            raise RefusedError(Fault("header/Prefer", "write wait=N, with N in seconds"))
        return min(float(value), LONGEST_WAIT)
    return 10.0
