"""Searches: asked for, solved by a child process, and browsed."""

from datetime import datetime

from pydantic import Field

from app.db import architectures, searches
from app.db.engine import Database, Session
from app.db.models import SearchRow
from app.db.search_terms import SearchTerms
from app.errors import ConflictError, Fault, RefusedError, pointer
from app.services import variant_pages
from app.services.architectures import checked
from app.services.idempotency import once
from app.services.requests import SearchRequest
from app.services.variants import VariantView
from app.states import FINAL, State
from solver.answers.variants import Explanation, Outcome, SolverReport
from solver.approaches import APPROACHES
from solver.network.architecture import Architecture
from solver.network.counting import Counts, count
from solver.network.schema import Schema
from solver.problem import ApproachName, Question, Settings

FIRST_VARIANTS = 50


class TermsView(Question, Settings):
    """What was asked: defaults filled in, the architecture by its id."""

    architecture_id: str


class Original(Schema):
    """The network that a search starts from."""

    id: str
    resolution: int
    counts: Counts


class SearchSummary(Schema):
    """A search in a list: all but its variants."""

    id: str
    state: State
    created_at: datetime
    finished_at: datetime | None
    request: TermsView
    original: Original
    outcome: Outcome | None = Field(
        description="`complete`: every solution is there; `timed_out`: what is there was found "
        "before the time limit, and is neither all nor a sample or the best of all"
    )
    found: int = Field(
        description="How many solutions were found: all there are where the outcome is `complete` "
        "or `truncated` (but see docs/model.md), else those that time allowed"
    )
    solver: SolverReport | None
    explanation: Explanation | None
    error: str | None


class SearchView(SearchSummary):
    """A search with its first variants."""

    variants: list[VariantView]
    next: str | None = Field(description="Cursor for `/v1/searches/{id}/variants`")


class SearchPage(Schema):
    """Searches, the newest first."""

    items: list[SearchSummary]
    next: str | None


def create(database: Database, request: SearchRequest, key: str | None) -> str:
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
