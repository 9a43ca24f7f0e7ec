"""Variants as a table for spreadsheets and data frames, in pieces, so that any number fits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from app.db import accuracies, searches, variants
from app.db.engine import Database, Session
from app.db.variants import Accuracy, Stored, VariantFilter
from app.services import csv_text
from app.services.variants import Deriver, deriver
from solver.approaches import APPROACHES
from solver.variation.unknown import RESOLUTION

ROWS_AT_ONCE: Final = 5_000
WIDTHS: Final = "widths"
"""The column of widths that each network names itself, as in ``conv1=48 layer1.0.conv1=40``."""
VERSION: Final = 1
"""To be raised when the columns or what they hold change, so that clients ask anew."""
_SEARCH: Final = ("id", "search_id", "approach", "budget", "scope", "resolution")
_COUNTS: Final = ("params", "macs", "flops", "activations")
_DELTA: Final = ("delta_params", "delta_macs", "delta_flops")
_REST: Final = ("coverage", "receptive_field")
_TRAINED: Final = ("accuracy", "accuracy_sd", "runs", "dataset", "recipe", "epochs", "images")
_NOT_TRAINED: Final = csv_text.lines([(None,) * len(_TRAINED)])


def columns(symbols: Sequence[str]) -> tuple[str, ...]:
    """The header of a table whose variants have these unknowns."""
    return (*_SEARCH, *symbols, *_COUNTS, *_DELTA, *_REST, *_TRAINED)


def version(database: Database, search_id: str) -> str | None:
    """What the table of a search is made from, as a text; ``None`` while the search is open.

    Raises
    ------
    app.db.errors.NotFoundError
        There is no such search.
    """
    with database.read() as session:
        finished_at = searches.finished_at(session, search_id)
        runs = accuracies.number(session, search_id)
    return None if finished_at is None else f"{VERSION} {search_id} {finished_at} {runs}"


def of_search(database: Database, search_id: str) -> Iterator[str]:
    """Yield the header, then the variants of a search in the solver's order.

    Raises
    ------
    app.db.errors.NotFoundError
        There is no such search, or it was deleted meanwhile: the table is not complete.
    """
    with database.read() as session:
        symbols = deriver(database, session, search_id).symbols
    yield csv_text.lines([columns(symbols)])
    start, is_more = 0, True
    while is_more:
        with database.read() as session:
            searches.finished_at(session, search_id)
            rows = variants.stretch(session, search_id, start, ROWS_AT_ONCE)
            text = _text(database, session, rows, symbols)
        yield text
        start, is_more = start + len(rows), len(rows) == ROWS_AT_ONCE


def of_all(database: Database, wanted: VariantFilter) -> Iterator[str]:
    """Yield the header, then all variants that pass a filter, search by search.

    There is a column for each unknown of any approach, or of the one that the filter names. Widths
    of whole networks, which each network names itself, share the column ``widths``.
    """
    approaches = APPROACHES.values() if wanted.approach is None else [APPROACHES[wanted.approach]]
    symbols = tuple(dict.fromkeys(symbol for it in approaches for symbol in it.symbols))
    if any(it.is_whole for it in approaches):
        symbols += (WIDTHS,)
    yield csv_text.lines([columns(symbols)])
    after: tuple[str, int] | None = None
    is_more = True
    while is_more:
        with database.read() as session:
            rows = variants.block(session, wanted, after, ROWS_AT_ONCE)
            text = _text(database, session, rows, symbols, wanted.dataset)
        yield text
        is_more = len(rows) == ROWS_AT_ONCE
        if is_more:
            after = (rows[-1].search_id, rows[-1].position)


def _text(
    database: Database,
    session: Session,
    rows: Sequence[Stored],
    symbols: Sequence[str],
    dataset: str | None = None,
) -> str:
    """The lines of consecutive variants; with a data set, accuracies are those on it."""
    accuracies = variants.accuracies_of(session, rows, dataset)
    lines: list[str] = []
    for search_id, found in groupby(rows, attrgetter("search_id")):
        lines += _lines(deriver(database, session, search_id), found, accuracies, symbols)
    return "".join(lines)


def _lines(
    of: Deriver,
    rows: Iterable[Stored],
    accuracies: Mapping[tuple[str, int], Accuracy],
    symbols: Sequence[str],
) -> Iterator[str]:
    """Yield the lines of variants of one search; it may not have all of the ``symbols``.

    All but the last columns are numbers and plain words. They need no quotes, and are filled into
    one line: that takes half of the time of a CSV writer.
    """
    own = [of.symbols.index(it) for it in symbols if it in of.symbols]
    holes = ",".join("%d" if it in of.symbols else "" for it in symbols)
    if WIDTHS in symbols and APPROACHES[of.problem.approach].is_whole:
        own = [*range(len(of.symbols))]
        holes = ",".join(
            "%d" if it in of.symbols else _widths(of.symbols) if it == WIDTHS else ""
            for it in symbols
        )
    words = f"{of.problem.approach},{of.problem.budget},{of.problem.scope}"
    line = f"%s-%d,%s,{words},%d,{holes},%d,%d,%d,%d,%d,%d,%d,%r,%d,"
    original = of.original
    for row in rows:
        search_id, position, resolution, params, flops, unknowns, macs, activations, *rest = row
        accuracy = accuracies.get((search_id, position)) if accuracies else None
        filled = line % (
            *(search_id, position, search_id, resolution),
            *[unknowns[place] for place in own],
            *(params, macs, flops, activations),
            *(params - original.params, macs - original.macs, flops - original.flops),
            *rest,
        )
        yield filled + (_NOT_TRAINED if accuracy is None else csv_text.lines([_trained(accuracy)]))


def _widths(symbols: Sequence[str]) -> str:
    """The text of the column of widths, with a hole for each."""
    return " ".join(f"{symbol}=%d" for symbol in symbols if symbol != RESOLUTION)


def _trained(of: Accuracy) -> tuple[Any, ...]:
    training = (csv_text.harmless(of.dataset), of.recipe, of.epochs, of.training_images)
    return (of.mean, of.sd, of.runs, *training)
