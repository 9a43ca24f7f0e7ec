"""Searches: asked for, solved by a child process, and browsed."""

import math
from functools import partial
from typing import NamedTuple

from app.db import architectures, searches
from app.db.engine import Database, Session
from app.db.errors import existing
from app.db.idempotency import OwnedKey
from app.db.models import SearchRow
from app.db.searches import Standing
from app.errors import BusyError, ConflictError, Fault, RefusedError, pointer
from app.schemas.requests import SearchRequest
from app.schemas.search_terms import SearchTerms
from app.schemas.searches import Original, SearchPage, SearchSummary, SearchView
from app.services import variant_pages
from app.services.architectures import checked
from app.services.attempts import Work
from app.services.idempotency import once
from app.services.solvers import LEASE_SECONDS, Solvers
from solver.approaches import APPROACHES
from solver.network.architecture import Architecture
from solver.network.counting import count
from solver.problem import Problem, Question, SolveRequest

FIRST_VARIANTS = 50


class Asked(NamedTuple):
    """A search that was asked for: its id, how it stood then, and whether it was there before."""

    id: str
    standing: Standing
    reused: bool


def ask(
    database: Database,
    solvers: Solvers,
    request: SearchRequest,
    key: OwnedKey | None,
    most_queued: int,
) -> Asked:
    """Check a search, and hand it to a solver or queue it; or find an equal one.

    Raises
    ------
    RefusedError
        The approach cannot be applied to the architecture, or its counts are too large.
    BusyError
        ``most_queued`` searches wait for a solver already.
    app.db.errors.NotFoundError
        There is no architecture with this id.
    app.db.idempotency.KeyReusedError
        The key came with another body before.
    """
    original = request.architecture or _stored(database, request.architecture_id or "")
    terms = filled(request, checked(original, "#/architecture"))
    content = searches.content_hash(original.id, terms)
    if key is None and (known := _answered(database, content)):
        return known
    with solvers.reserved() as reservation:
        asking = _Asking(
            request, original, terms, has_solver=reservation.is_held, most_queued=most_queued
        )
        id_ = database.transact(partial(asking.ask, key=key))
        if asking.work:
            reservation.hand_over(asking.work)
    if asking.is_queued:
        solvers.wake()
    return Asked(id_, asking.standing or _standing(database, id_), asking.reused)


def create(
    database: Database, request: SearchRequest, key: OwnedKey | None, *, by_study: bool = False
) -> str:
    """Check a search and queue it, or find an equal one; returns its id.

    Lists leave out what only studies ask for (``by_study``).

    Raises
    ------
    RefusedError
        The approach cannot be applied to the architecture, or its counts are too large.
    app.db.errors.NotFoundError
        There is no architecture with this id.
    app.db.idempotency.KeyReusedError
        The key came with another body before.
    """
    original = request.architecture or _stored(database, request.architecture_id or "")
    terms = filled(request, checked(original, "#/architecture"))
    asking = _Asking(request, original, terms, by_study=by_study)
    return database.transact(partial(asking.ask, key=key))


def _stored(database: Database, id_: str) -> Architecture:
    with database.read() as session:
        return architectures.get(session, id_)


def _standing(database: Database, id_: str) -> Standing:
    with database.read() as session:
        return existing(searches.standings(session, [id_]).get(id_), "search")


def _answered(database: Database, content: str) -> Asked | None:
    """The search that has answered an equal request, unless only studies have asked for it."""
    with database.read() as session:
        known = searches.equal(session, content)
    if known is None or known.by_study or not known.standing.is_final:
        return None
    return Asked(known.id, known.standing, reused=True)


class _Asking:
    """A request for a search, in a transaction that may be begun again.

    Attributes
    ----------
    work
        What a solver is to do now; ``None`` if the search was queued, or was there before.
    standing
        How the search stands; ``None`` if it was made for an earlier request with the same key.
    reused
        Whether the search was there before, for another request.
    """

    def __init__(
        self,
        request: SearchRequest,
        original: Architecture,
        terms: SearchTerms,
        *,
        has_solver: bool = False,
        most_queued: float = math.inf,
        by_study: bool = False,
    ) -> None:
        self._request, self._original, self._terms = request, original, terms
        self._by_study = by_study
        self._has_solver, self._most_queued = has_solver, most_queued
        self._begin()

    def _begin(self) -> None:
        self.work: Work | None = None
        self.standing: Standing | None = None
        self.reused = self.is_queued = False

    def ask(self, session: Session, key: OwnedKey | None) -> str:
        """The id of the search that answers the request."""
        self._begin()
        body = self._request.model_dump(mode="json") if key else None
        return once(session, "searches", key, body, self._make)

    def _make(self, session: Session) -> str:
        content = searches.content_hash(self._original.id, self._terms)
        searches.wait_for_equals(session, content)
        while known := searches.equal(session, content):
            if known.standing.is_final or searches.join(session, known.id):
                if known.by_study and not self._by_study:
                    searches.list_too(session, known.id)
                self.standing, self.reused = known.standing, True
                return known.id
        original = architectures.kept(session, self._original)
        if self._has_solver:
            row = searches.create(session, original.id, self._terms, LEASE_SECONDS)
            problem = Problem.of(self._terms.question, original)
            self.work = Work(row.id, row.attempt, SolveRequest.of(problem, self._terms.settings))
            self.standing = Standing("running")
            return row.id
        if searches.queued(session) >= self._most_queued:
            raise BusyError(
                f"{self._most_queued} searches wait for a solver already; send this one again later"
            )
        self.standing, self.is_queued = Standing("queued"), True
        return searches.create(session, original.id, self._terms, by_study=self._by_study).id


def leave(database: Database, id_: str) -> None:
    """Have one client less wait for a search; it is cancelled if nobody wants it any more."""
    with database.write() as session:
        searches.leave(session, id_)


def filled(terms: SearchTerms, original: Architecture) -> SearchTerms:
    """The terms of a search with its defaults filled in.

    Raises
    ------
    RefusedError
        The approach cannot be applied.
    """
    check_applicable(terms.question, original)
    return terms.filled(original)


def check_applicable(question: Question, original: Architecture) -> None:
    """Check that a question can be asked of an architecture.

    Raises
    ------
    RefusedError
        It cannot.
    """
    faults = APPROACHES[question.approach].faults(question, original)
    if refused := [Fault(pointer(place), reason) for place, reason in faults]:
        raise RefusedError(*refused)


def get(database: Database, id_: str, *, reused: bool = False) -> SearchView:
    """One search with its first variants.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    summary = without_variants(database, id_)
    first = variant_pages.of_search(database, id_, sort=None, cursor=None, limit=FIRST_VARIANTS)
    fields = {name: getattr(summary, name) for name in SearchSummary.model_fields}
    return SearchView.model_construct(
        **fields, variants=first.items, next=first.next, reused=reused
    )


def without_variants(database: Database, id_: str) -> SearchSummary:
    """One search without its variants.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.read() as session:
        return summarised(session, id_)


def summarised(session: Session, id_: str) -> SearchSummary:
    """The same, within a transaction.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    row = searches.get(session, id_)
    return _summary(row, architectures.get(session, row.architecture_id))


def newest(
    database: Database,
    cursor: str | None,
    limit: int,
    *,
    study_id: str | None = None,
    **wanted: str | bool,
) -> SearchPage:
    """A page of searches.

    ``wanted`` are the values that columns must have; ``study_id`` is a study that refers to them.

    Raises
    ------
    app.db.paging.CursorError
        The cursor is not one of this list's.
    """
    with database.read() as session:
        rows, following = searches.newest(session, cursor, limit, study_id=study_id, **wanted)
        items = [_summary(row, architectures.get(session, row.architecture_id)) for row in rows]
    return SearchPage(items=items, next=following)


def cancel(database: Database, id_: str) -> None:
    """Cancel a search; do nothing if it has ended.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.write() as session:
        searches.get(session, id_)
        searches.cancel(session, id_)


def delete(database: Database, id_: str) -> None:
    """Cancel a search that runs; remove one that has ended.

    Raises
    ------
    ConflictError
        Jobs or studies refer to it.
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.write() as session:
        searches.get(session, id_)
        users = [f"job {job}" for job in searches.jobs_of(session, id_)]
        users += [f"study {study}" for study in searches.studies_of(session, id_)]
        if users:
            first, *others = users
            more = f" and {len(others)} more refer" if others else " refers"
            raise ConflictError(f"search {id_} is kept: {first}{more} to it")
        if not searches.cancel(session, id_):
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
