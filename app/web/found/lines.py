"""The table of a search's variants: its rows, and the order that a reader chose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.db.engine import Database
from app.db.variants import Accuracy
from app.schemas.variants import VariantView
from app.services import variant_pages
from app.services.variant_columns import ACCURACY, PRIME
from app.web.found.naming import HEADINGS, title_of
from app.web.found.shown import Shown
from app.web.found.views import View
from solver.variation.unknown import RESOLUTION

SIZE: Final = 50
"""Variants on a page."""
MOST_SYMBOLS: Final = 10
"""A table has columns of unknowns up to this number; whole networks have many more."""
_MEASURES: Final = ("params", "flops", "activations", "coverage", "receptive_field", ACCURACY)


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
    symbols
        The unknowns that have columns.
    previous, following
        Query strings of the pages before and behind; ``None`` where there is none.
    """

    headings: Sequence[Heading]
    symbols: Sequence[str]
    rows: Sequence[Line]
    first: int
    total: int
    previous: str | None
    following: str | None


def lines(database: Database, search_id: str, shown: Shown) -> Lines:
    """The page of the table that a reader looks at."""
    view, total = shown.view, shown.total
    positions = shown.page(SIZE)
    found = variant_pages.at(database, search_id, positions)
    trained = shown.search.trained
    symbols = [symbol for symbol in shown.search.deriver.symbols if symbol != RESOLUTION]
    symbols = symbols if len(symbols) <= MOST_SYMBOLS else []
    names = ["resolution", *(symbol + PRIME for symbol in symbols), *_MEASURES]
    start = view.start
    return Lines(
        [_heading(name, view) for name in names],
        symbols,
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
