"""Variants: only their unknowns are stored, and everything else is derived here."""

from collections.abc import Callable
from functools import cache

from app.db import architectures, searches, variants
from app.db.engine import Database, Session
from app.db.identity import split_id, variant_id
from app.db.models import SearchRow, VariantRow
from app.schemas.variants import VariantView
from solver.answers.variants import Describer
from solver.approaches import APPROACHES
from solver.problem import Problem
from solver.variation.template import Assignment


class Deriver:
    """Derives the variants of one search.

    Attributes
    ----------
    problem
        What the search solves.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._symbols = tuple(APPROACHES[problem.approach].symbols)
        self.describer = Describer(problem)

    def assignment(self, row: VariantRow) -> Assignment:
        """A row's unknowns, by symbol."""
        return dict(zip(self._symbols, row.unknowns, strict=True))

    def view(self, row: VariantRow) -> VariantView:
        """Everything about a stored variant."""
        return VariantView.trusted(
            id=variant_id(row.search_id, row.position),
            search_id=row.search_id,
            **self.describer.fields(self.assignment(row)),
        )


def problem_of(session: Session, search: SearchRow) -> Problem:
    """The problem that a search solves."""
    original = architectures.get(session, search.architecture_id)
    return Problem.of(search.request.question, original)


def derivers(session: Session) -> Callable[[str], Deriver]:
    """Make a function that gives the deriver of a search, and makes it only once."""

    @cache
    def deriver(search_id: str) -> Deriver:
        search = searches.get(session, search_id)
        return Deriver(problem_of(session, search))

    return deriver


def get(database: Database, id_: str) -> VariantView:
    """One variant.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.read() as session:
        row = variants.get(session, *split_id(id_))
        return derivers(session)(row.search_id).view(row)
