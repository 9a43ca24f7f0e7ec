"""``/v1/searches``."""

import re
from typing import Annotated, Any

from fastapi import Body, Header, Path, Query, Response
from fastapi.responses import StreamingResponse

from app.api import caching, examples, tables
from app.api.caching import IfNoneMatch
from app.api.dependencies import (
    ID_PATTERN,
    Cursor,
    IdempotencyKey,
    Limit,
    TheAsking,
    TheDatabase,
    TheHangUp,
    TheWatch,
)
from app.api.encodings import AcceptEncoding
from app.api.responses import EventStream
from app.api.routes import Router
from app.api.streams import described, from_last_event, stream_of
from app.errors import Fault, RefusedError
from app.schemas.events import SearchMessage
from app.schemas.requests import SearchRequest
from app.schemas.searches import SearchPage, SearchView
from app.schemas.variants import VariantPage
from app.services import search_events, searches, variant_pages, variants_csv
from app.states import FINAL
from solver.network.expectations import PRINTABLE

router = Router(prefix="/v1/searches", tags=["searches"])

LONGEST_WAIT = 60.0
HUNG_UP = 499
"""The status, for logs and metrics, of a request whose client has hung up."""

Id = Annotated[str, Path(pattern=ID_PATTERN, max_length=64, examples=[examples.SEARCH_ID])]
RemovedId = Annotated[
    str, Path(pattern=ID_PATTERN, max_length=64, examples=[examples.REMOVED_SEARCH_ID])
]
Prefer = Annotated[
    str,
    Header(
        max_length=200,
        pattern=PRINTABLE,
        description="`wait=N`: how many seconds to wait for the answer (RFC 7240)",
    ),
]


@router.post(
    "",
    status_code=201,
    response_model=SearchView,
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
                "whole": {
                    "summary": "All widths of a network (approach V), the closest first",
                    "value": examples.WHOLE_SEARCH,
                },
            }
        ),
    ],
    asking: TheAsking,
    hang_up: TheHangUp,
    idempotency_key: IdempotencyKey,
    response: Response,
    prefer: Prefer = "wait=10",
) -> Any:
    """Find all variants of an architecture with an equal budget, or the proof that there are none.

    Approach V, which changes all widths of a network, answers the best that it finds: `solver` says
    whether they are proved to be the best, or the bound.

    201 when the search finished while you waited, else 202: then poll `Location`. A search that was
    asked for before is not solved anew: you wait for it too, or get its answer, `reused`. If you
    hang up while you wait, without an `Idempotency-Key`, the search is cancelled unless others want
    it too.
    """
    answer = await asking.answer(request, idempotency_key, _seconds(prefer), hang_up)
    if answer.view is None:
        return Response(status_code=HUNG_UP)
    response.headers["Location"] = f"/v1/searches/{answer.view.id}"
    if not answer.has_ended:
        response.status_code = 202
        response.headers["Retry-After"] = "1"
    return answer.view


@router.get("")
def list_searches(
    database: TheDatabase,
    by_study: Annotated[
        bool | None,
        Query(description="Whether only studies have asked for them; without, all are listed"),
    ] = None,
    study_id: Annotated[
        str | None,
        Query(
            pattern=ID_PATTERN,
            max_length=64,
            examples=[examples.STUDY_ID],
            description="Only those that this study refers to",
        ),
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> SearchPage:
    """Searches without their variants, the newest first."""
    wanted = {} if by_study is None else {"by_study": by_study}
    return searches.newest(database, cursor, limit, study_id=study_id, **wanted)


@router.get("/{id}", response_model=SearchView, responses=caching.KEPT)
def get_search(
    id: Id,  # noqa: A002
    database: TheDatabase,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """One search with its first 50 variants."""
    search = searches.get(database, id)
    return caching.kept(search.model_dump_json(), if_none_match, is_final=search.state in FINAL)


@router.get("/{id}/variants", response_model=VariantPage, responses=caching.KEPT)
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
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The variants that a search found, page by page."""
    page, is_final = variant_pages.text_of_search(database, id, sort, cursor, limit)
    return caching.kept(page, if_none_match, is_final=is_final)


@router.get(
    "/{id}/variants.csv",
    response_class=StreamingResponse,
    responses=tables.described(
        "A header, then a line for each variant", examples.VARIANTS_CSV, is_kept=True
    ),
)
def download_search_variants(
    id: Id,  # noqa: A002
    database: TheDatabase,
    accept_encoding: AcceptEncoding = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The variants that a search found, as a table: unknowns, counts, accuracy where trained.

    `accuracy` is the mean on the test split over `runs`, of the data set and recipe with the most
    of them.
    """
    version = variants_csv.version(database, id)
    lines = variants_csv.of_search(database, id)
    return tables.kept(lines, f"{id}-variants", accept_encoding, version, if_none_match)


@router.get(
    "/{id}/events",
    response_class=EventStream,
    responses=described("search", SearchMessage, examples.SEARCH_EVENTS),
)
def follow_search(
    id: Id,  # noqa: A002
    database: TheDatabase,
    watch: TheWatch,
    last_event_id: Annotated[str | None, from_last_event(100)] = None,
) -> Response:
    """How a search goes, while it goes on: server-sent events.

    `progress`: how many solutions were found so far and, where there is an objective, the best
    value so far and its bound. `end`: the search has ended, and the stream ends.
    """
    place, standing = search_events.place(database, id, last_event_id)
    told = search_events.stream(watch, id, standing, place)
    return stream_of(told, is_over=place.is_over)


@router.delete(
    "/{id}", status_code=204, responses={409: {"description": "A job or a study refers to it"}}
)
def delete_search(id: RemovedId, database: TheDatabase) -> None:  # noqa: A002
    """Cancel a search that runs; remove one that has ended.

    What jobs or studies refer to is kept: 409.
    """
    searches.delete(database, id)


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
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", value):
            raise RefusedError(Fault("header/Prefer", "write wait=N, with N in seconds"))
        return min(float(value), LONGEST_WAIT)
    return 10.0
