"""A table of all variants for people: counts beside the original's, accuracies where trained."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.db import accuracy_order, variants
from app.db.engine import Database, Session
from app.db.identity import variant_id
from app.db.variants import Accuracy, Stored, VariantFilter
from app.services.variant_orders import sort_keys
from app.services.variants import deriver
from solver.network.architecture import Architecture
from solver.problem import Problem

LISTING: Final = "table of all variants"
BY_ACCURACY: Final = ("accuracy", "-accuracy")


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

    ``sort`` is as in the API, or one of :data:`BY_ACCURACY`, which leaves out untrained variants.

    Raises
    ------
    RefusedError
        ``sort`` names something unknown.
    app.db.paging.CursorError
        The cursor is not one of this list's.
    """
    with database.read() as session:
        rows, following = _rows(session, wanted, sort, cursor, limit)
        return VariantTablePage(_entries(database, session, rows, wanted.dataset), following)


def _rows(
    session: Session, wanted: VariantFilter, sort: str | None, cursor: str | None, limit: int
) -> tuple[list[Stored], str | None]:
    if sort in BY_ACCURACY:
        way: dict[str, Any] = {"is_descending": sort == BY_ACCURACY[1], "listing": LISTING}
        return accuracy_order.page(session, wanted, **way, cursor=cursor, limit=limit)
    return variants.filtered(session, wanted, sort_keys(sort), LISTING, cursor, limit)


def _entries(
    database: Database, session: Session, rows: Sequence[Stored], dataset: str | None
) -> list[VariantEntry]:
    trained = variants.accuracies_at(session, rows, dataset)
    entries = []
    for row in rows:
        of = deriver(database, session, row.search_id)
        params, _, flops = of.delta(row)
        accuracy = trained.get((row.search_id, row.position))
        entries.append(VariantEntry(row, of.problem, params, flops, accuracy))
    return entries
