"""A table of all variants for people: counts beside the original's, accuracies where trained."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.db import variants
from app.db.engine import Database, Session
from app.db.identity import variant_id
from app.db.variants import Accuracy, Stored, VariantFilter
from app.services.variant_orders import sort_keys
from app.services.variants import deriver
from solver.network.architecture import Architecture
from solver.problem import Problem

LISTING = "table of all variants"


@dataclass(frozen=True)
class VariantEntry:
    """A variant with what it was made from.

    Attributes
    ----------
    delta_params, delta_flops
        Its counts, minus the original's.
    accuracy
        On the test split; ``None`` if it was not trained.
    """

    row: Stored
    problem: Problem
    delta_params: int
    delta_flops: int
    accuracy: Accuracy | None

    @property
    def id(self) -> str:
        """The variant's id."""
        return variant_id(self.row.search_id, self.row.position)

    @property
    def original(self) -> Architecture:
        """The network that its search starts from."""
        return self.problem.architecture


@dataclass(frozen=True)
class VariantTablePage:
    """Some variants, and the cursor of the next page if there is one."""

    items: Sequence[VariantEntry]
    next: str | None


def page(
    database: Database, wanted: VariantFilter, sort: str | None, cursor: str | None, limit: int
) -> VariantTablePage:
    """A page of all variants that pass a filter.

    Raises
    ------
    RefusedError
        ``sort`` names something unknown.
    app.db.paging.CursorError
        The cursor is not one of this list's.
    """
    keys = sort_keys(sort)
    with database.read() as session:
        rows, following = variants.filtered(session, wanted, keys, LISTING, cursor, limit)
        return VariantTablePage(_entries(database, session, rows), following)


def _entries(database: Database, session: Session, rows: Sequence[Stored]) -> list[VariantEntry]:
    trained = variants.accuracies_at(session, rows)
    entries = []
    for row in rows:
        of = deriver(database, session, row.search_id)
        params, _, flops = of.delta(row)
        accuracy = trained.get((row.search_id, row.position))
        entries.append(VariantEntry(row, of.problem, params, flops, accuracy))
    return entries
