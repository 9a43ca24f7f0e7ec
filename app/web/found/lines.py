"""The table of a search's variants: its rows, and the order that a reader chose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.db.engine import Database
from app.db.variants import Accuracy
from app.schemas.variants import VariantView
from app.services import variant_pages
from app.services.variant_columns import PRIME
from app.web.found import columns
from app.web.found.naming import HEADINGS, title_of
from app.web.found.shown import Shown
from app.web.found.views import View

SIZE: Final = 50
"""Variants on a page."""


@dataclass(frozen=True)
class Line:
    """A variant in the table; ``accuracy`` is ``None`` where it was not trained."""

    position: int
    variant: VariantView
    accuracy: Accuracy | None


@dataclass(frozen=True)
class Heading:
    """A column's heading.

    Attributes
    ----------
    query
        The query string that sorts by it, or sorts the other way round.
    order
        ``ascending`` or ``descending`` if the table is sorted by it, else ``none``.
    """

    title: str
    query: str
    order: str


@dataclass(frozen=True)
class Lines:
    """A page of the table.

    Attributes
    ----------
    unknowns
        The columns of unknowns that are shown.
    previous, following
        Query strings of the pages before and behind; ``None`` where there is none.
    """

    headings: Sequence[Heading]
    unknowns: Sequence[str]
    rows: Sequence[Line]
    first: int
    total: int
    previous: str | None
    following: str | None

    @property
    def symbols(self) -> Sequence[str]:
        """The symbols of these unknowns."""
        return [name.removesuffix(PRIME) for name in self.unknowns]


def lines(database: Database, search_id: str, shown: Shown) -> Lines:
    """The page of the table that a reader looks at."""
    view, total = shown.view, shown.total
    positions = shown.page(SIZE)
    found = variant_pages.at(database, search_id, positions)
    trained = shown.search.trained
    unknowns = columns.of_table(shown)
    start = view.start
    return Lines(
        [_heading(name, view) for name in columns.with_measures(unknowns)],
        unknowns,
        [Line(at, it, trained.get(at)) for at, it in zip(positions, found, strict=True)],
        start + 1,
        total,
        view.query(start=max(0, start - SIZE)) if start else None,
        view.query(start=start + SIZE) if start + SIZE < total else None,
    )


def _heading(name: str, view: View) -> Heading:
    orders: Mapping[str, str] = {name: "ascending", f"-{name}": "descending"}
    other = f"-{name}" if view.sort == name else name
    query = view.query(sort=other, start=0)
    return Heading(HEADINGS.get(name, title_of(name)), query, orders.get(view.sort, "none"))
