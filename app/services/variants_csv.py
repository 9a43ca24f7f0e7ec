"""Variants as a table for spreadsheets and data frames, in pieces, so that any number fits."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from app.db import accuracies, searches, variants
from app.db.engine import Database
from app.db.identity import variant_id
from app.db.variants import Accuracy, Measured, VariantFilter
from app.services import csv_text
from app.services.variants import Deriver, deriver
from solver.approaches import APPROACHES

ROWS_AT_ONCE: Final = 5_000
VERSION: Final = 1
"""To be raised when the columns or what they hold change, so that clients ask anew."""
_SEARCH: Final = ("id", "search_id", "approach", "budget", "scope", "resolution")
_COUNTS: Final = ("params", "macs", "flops", "activations")
_DELTA: Final = ("delta_params", "delta_macs", "delta_flops")
_REST: Final = ("coverage", "receptive_field")
_TRAINED: Final = ("accuracy", "accuracy_sd", "runs", "dataset", "recipe", "epochs", "images")
_NOT_TRAINED: Final = (None,) * len(_TRAINED)


def columns(symbols: Sequence[str]) -> tuple[str, ...]:
    """The header of a table whose variants have these unknowns."""
    return (*_SEARCH, *symbols, *_COUNTS, *_DELTA, *_REST, *_TRAINED)


def state_of(database: Database, search_id: str) -> tuple[datetime | None, int]:
    """When a search ended, and how many runs of its variants are recorded.

    The table changes only with them.

    Raises
    ------
    app.db.errors.NotFoundError
        There is no such search.
    """
    with database.read() as session:
        return searches.finished_at(session, search_id), accuracies.number(session, search_id)


def of_search(database: Database, search_id: str) -> Iterator[str]:
    """Yield the header, then the variants of a search in the solver's order.

    Raises
    ------
    app.db.errors.NotFoundError
        There is no such search, or it was deleted meanwhile: the table is not complete.
    """
    with database.read() as session:
        symbols = deriver(database, session, search_id).symbols
    yield from _lines(database, VariantFilter(search_id=search_id), symbols)


def of_all(database: Database, wanted: VariantFilter) -> Iterator[str]:
    """Yield the header, then all variants that pass a filter, search by search.

    There is a column for each unknown of any approach, or of the one that the filter names.
    """
    approaches = APPROACHES.values() if wanted.approach is None else [APPROACHES[wanted.approach]]
    symbols = dict.fromkeys(symbol for approach in approaches for symbol in approach.symbols)
    yield from _lines(database, wanted, tuple(symbols))


def _lines(database: Database, wanted: VariantFilter, symbols: Sequence[str]) -> Iterator[str]:
    """Yield the header, then the rows in blocks; no transaction is open in between."""
    yield csv_text.lines([columns(symbols)])
    after: tuple[str, int] | None = None
    while True:
        with database.read() as session:
            if wanted.search_id is not None:
                searches.finished_at(session, wanted.search_id)
            found = variants.block(session, wanted, after, ROWS_AT_ONCE)
            parts = [
                _block(deriver(database, session, search_id), list(rows), symbols)
                for search_id, rows in groupby(found, attrgetter("row.search_id"))
            ]
        if parts:
            yield "".join(parts)
        if len(found) < ROWS_AT_ONCE:
            return
        after = (found[-1].row.search_id, found[-1].row.position)


def _block(of: Deriver, rows: Sequence[Measured], symbols: Sequence[str]) -> str:
    """The lines of variants of one search."""
    asked = (of.problem.approach, of.problem.budget, of.problem.scope)
    own = None
    if tuple(symbols) != of.symbols:
        own = [of.symbols.index(it) if it in of.symbols else None for it in symbols]

    def values(row: Any) -> Sequence[Any]:
        if own is None:
            return row.unknowns  # type: ignore[no-any-return]
        return [None if place is None else row.unknowns[place] for place in own]

    return csv_text.lines(
        (
            variant_id(row.search_id, row.position),
            row.search_id,
            *asked,
            row.resolution,
            *values(row),
            *(row.params, row.macs, row.flops, row.activations),
            *of.delta(row),
            *(row.coverage, row.receptive_field),
            *(_NOT_TRAINED if accuracy is None else _trained(accuracy)),
        )
        for row, accuracy in rows
    )


def _trained(of: Accuracy) -> tuple[Any, ...]:
    training = (csv_text.harmless(of.dataset), of.recipe, of.epochs, of.training_images)
    return (of.mean, of.sd, of.runs, *training)
