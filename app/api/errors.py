"""Answers every error as ``application/problem+json`` (RFC 9457), with the place and the reason.

An answer neither echoes what a client sent nor shows internals: a 500 says only that it is one.
It has at most :data:`MOST_BYTES`, however much is wrong with a request.
"""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.db.causes import Cause
from app.db.errors import DatabaseError, NotFoundError
from app.db.events import PlaceError
from app.db.idempotency import KeyReusedError
from app.db.paging import CursorError
from app.errors import (
    BusyError,
    ConflictError,
    Fault,
    RefusedError,
    UnsupportedError,
    pointer,
    printable,
)
from app.schemas.problems import FaultView, ProblemDetails
from solver.network.sentences import OTHERS, TEXT, number_of, place_in, sentence
from solver.network.slips import shown

logger = logging.getLogger(__name__)

MOST_LISTED: Final = 20
"""Faults that an answer lists."""
MOST_BYTES: Final = 16 * 1024
"""Size of an answer."""
RETRY_SECONDS: Final = "2"
MOST_CHARACTERS: Final = 600
"""Length of a sentence; no sentence of ours about sensible values is as long."""


class UnreadableBodyError(HTTPException):
    """A body that cannot be read as JSON.

    It is an :class:`HTTPException` because FastAPI answers others that reading a body raises by
    itself, without their reason.
    """

    def __init__(self, faults: Sequence[Fault], others: int) -> None:
        super().__init__(422)
        self.faults = faults
        self.others = others


def problem(
    status: int,
    detail: str,
    faults: Sequence[Fault] = (),
    headers: dict[str, str] | None = None,
    total: int | None = None,
) -> JSONResponse:
    """An error response; of many faults it lists the first ones, and tells how many there are.

    ``total`` is their number where not all of them are given.
    """
    body = ProblemDetails(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        errors=_listed(faults),
        total=len(faults) if total is None else total,
    )
    return JSONResponse(
        body.model_dump(), status, media_type="application/problem+json", headers=headers
    )


def _listed(faults: Sequence[Fault]) -> list[FaultView]:
    """The first faults, as many as fit into an answer."""
    found: list[FaultView] = []
    left = MOST_BYTES - 1024  # for the rest of the answer
    for fault in islice(faults, MOST_LISTED):
        view = FaultView(pointer=fault.pointer, detail=_shortened(fault.detail))
        left -= len(view.model_dump_json().encode()) + 1
        if left < 0:
            break
        found.append(view)
    return found


def _shortened(text: str) -> str:
    text = printable(text)
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def install(app: FastAPI) -> None:
    """Have an application answer every error as a problem."""
    refusals: dict[type[Exception], int] = {
        NotFoundError: 404,
        ConflictError: 409,
        UnsupportedError: 501,
    }
    for kind, status in refusals.items():
        app.add_exception_handler(kind, _sentence(status))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(UnreadableBodyError, _unreadable)
    app.add_exception_handler(CursorError, _at("query/cursor"))
    app.add_exception_handler(PlaceError, _at("header/Last-Event-ID"))
    app.add_exception_handler(KeyReusedError, _at("header/Idempotency-Key"))
    app.add_exception_handler(BusyError, _busy)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DatabaseError, _database)
    app.add_exception_handler(Exception, _unexpected)


def _sentence(status: int) -> Any:
    async def handler(_: Request, error: Exception) -> JSONResponse:
        return problem(status, str(error))

    return handler


def _at(place: str) -> Any:
    async def handler(_: Request, error: Exception) -> JSONResponse:
        return _faulty([Fault(place, str(error))])

    return handler


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusedError)
    return _faulty(error.faults)


async def _unreadable(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, UnreadableBodyError)
    return _faulty(error.faults, error.others)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    details = error.errors()
    faults = [_fault(it, error.body) for it in details if it["type"] != OTHERS]
    others = sum(number_of(it) for it in details if it["type"] == OTHERS)
    return _faulty(list(dict.fromkeys(faults)), others)


def _faulty(faults: Sequence[Fault], others: int = 0) -> JSONResponse:
    """Answer with faults, of which others were only counted."""
    total = len(faults) + others
    number = "1 fault" if total == 1 else f"{total:,} faults"
    more = f"; the first {MOST_LISTED} are listed" if total > MOST_LISTED else ""
    return problem(422, f"{number} in the request{more}", faults, total=total)


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers) if error.headers else None
    return problem(error.status_code, str(error.detail), headers=headers)


async def _busy(_: Request, error: Exception) -> JSONResponse:
    return problem(503, str(error), headers={"Retry-After": "5"})


async def _database(request: Request, error: Exception) -> JSONResponse:
    """Answer 503 where the database is to blame; its condition logs why, once."""
    cause = request.app.state.condition.note(error)
    return unavailable(cause) if cause else await _unexpected(request, error)


def unavailable(cause: Cause) -> JSONResponse:
    """The answer where the database cannot be used; to be tried again if that may pass."""
    headers = {"Retry-After": RETRY_SECONDS} if cause.passes else None
    return problem(503, cause.detail, headers=headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "this is a fault of the server; its log says more")


def _fault(details: Any, body: Any) -> Fault:
    """Turn an error into a sentence about a place in the body, or about a parameter."""
    source, *place = details["loc"]
    if details["type"] == "json_invalid":
        reason = details.get("ctx", {}).get("error", "it cannot be read")
        at = f" at character {place[0]}" if place else ""
        return Fault("#", f"the body is not JSON: {reason}{at}")
    if source == "body":
        is_text = isinstance(body, str | bytes) and not place
        reason = "a JSON object is expected here; is the Content-Type application/json?"
        return Fault(pointer(place_in(body, place)), reason if is_text else sentence(details))
    return Fault(
        "/".join(shown(str(part)) for part in details["loc"]), sentence(details).removesuffix(TEXT)
    )
