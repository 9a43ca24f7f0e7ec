"""Searches: asked for, solved by a child process, and browsed."""

from app.db import architectures, searches
from app.db.engine import Database, Session
from app.db.idempotency import OwnedKey
from app.db.models import SearchRow
from app.errors import ConflictError, Fault, RefusedError, pointer
from app.schemas.requests import SearchRequest
from app.schemas.search_terms import SearchTerms
from app.schemas.searches import Original, SearchPage, SearchSummary, SearchView
from app.services import variant_pages
from app.services.architectures import checked
from app.services.idempotency import once
from app.states import FINAL
from solver.approaches import APPROACHES
from solver.network.architecture import Architecture
from solver.network.counting import count
from solver.problem import ApproachName

FIRST_VARIANTS = 50


def create(database: Database, request: SearchRequest, key: OwnedKey | None) -> str:
    """Check a search and queue it. Returns its id.

    Raises
    ------
    RefusedError
        The approach cannot be applied to the architecture, or its counts are too large.
    app.db.errors.NotFoundError
        There is no architecture with this id.
    app.db.idempotency.KeyReusedError
        The key came with another body before.
    """

    def make(session: Session) -> str:
        original = request.architecture or architectures.get(session, request.architecture_id or "")
        terms = filled(request, checked(original, "#/architecture"))
        architectures.add(session, original)
        return searches.create(session, original.id, terms).id

    body = request.model_dump(mode="json")
    return database.transact(lambda session: once(session, "searches", key, body, make))


def filled(terms: SearchTerms, original: Architecture) -> SearchTerms:
    """The terms of a search with its defaults filled in.

    Raises
    ------
    RefusedError
        The approach cannot be applied.
    """
    check_applicable(terms.question.approach, original)
    return terms.filled(original)


def check_applicable(approach: ApproachName, original: Architecture) -> None:
    """Check that an approach fits an architecture.

    Raises
    ------
    RefusedError
        It does not.
    """
    if misfit := APPROACHES[approach].misfit(original):
        place, reason = misfit
        raise RefusedError(Fault(pointer(("architecture", *place)), reason))


def get(database: Database, id_: str) -> SearchView:
    """One search with its first variants.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.read() as session:
        row = searches.get(session, id_)
        summary = _summary(row, architectures.get(session, row.architecture_id))
    first = variant_pages.of_search(database, id_, sort=None, cursor=None, limit=FIRST_VARIANTS)
    fields = {name: getattr(summary, name) for name in SearchSummary.model_fields}
    return SearchView.model_construct(**fields, variants=first.items, next=first.next)


def has_ended(database: Database, id_: str) -> bool:
    """Whether a search is over, one way or another."""
    with database.read() as session:
        return searches.get(session, id_).state in FINAL


def newest(database: Database, cursor: str | None, limit: int) -> SearchPage:
    """A page of searches."""
    with database.read() as session:
        rows, following = searches.newest(session, cursor, limit)
        items = [_summary(row, architectures.get(session, row.architecture_id)) for row in rows]
    return SearchPage(items=items, next=following)


def delete(database: Database, id_: str) -> None:
    """Cancel a search that runs; remove one that has ended.

    Raises
    ------
    ConflictError
        Jobs refer to it.
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.write() as session:
        searches.get(session, id_)
        if searches.cancel(session, id_):
            return
        if jobs := searches.jobs_of(session, id_):
            raise ConflictError(
                f"search {id_} is kept: {len(jobs)} jobs refer to it, e.g. {jobs[0]}"
            )
        searches.remove(session, id_)


def _summary(row: SearchRow, original: Architecture) -> SearchSummary:
    return SearchSummary.model_validate(
        {
            "id": row.id,
            "state": row.state,
            "created_at": row.created_at,
            "finished_at": row.finished_at,
            "request": {
                **row.request.model_dump(mode="json"),
                "architecture_id": row.architecture_id,
            },
            "original": Original(
                id=original.id,
                resolution=original.resolution,
                counts=count(original, count_pooling=row.request.question.count_pooling),
            ),
            "outcome": row.outcome,
            "found": row.found,
            "solver": row.solver,
            "explanation": row.explanation,
            "error": row.error,
        }
    )
