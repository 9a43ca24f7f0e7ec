"""The table of a search's variants for spreadsheets, with the filters and the order of its page.

numpy is loaded with this module.
"""

import math
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any, Final, TypeAlias

from app.db.engine import Database
from app.db.identity import variant_id
from app.services import variant_columns
from app.services.variant_columns import Numbers
from app.web.found.columns import of_table, with_measures
from app.web.found.shown import Shown
from app.web.found.views import View
from app.web.tables import Columns

ROWS_AT_ONCE: Final = 1_000

Row: TypeAlias = tuple[Any, ...]
"""A variant's id, then its values in the order of the columns."""


def spreadsheet(
    database: Database, search_id: str, view: View
) -> tuple[Columns[Row], Iterator[Sequence[Row]]]:
    """The columns of a table, and its rows, part by part.

    Raises
    ------
    RefusedError
        A column of the view is unknown, or the end of a range is no number.
    app.db.errors.NotFoundError
        There is no such search.
    """
    search = variant_columns.of_search(database, search_id)
    shown = Shown(search, view, search.deriver.problem.budget)
    names = with_measures(of_table(shown))
    columns = {name: itemgetter(place) for place, name in enumerate(("id", *names))}
    return columns, _parts(search_id, shown.ordered, [*search.columns(names).values()])


def _parts(search_id: str, ordered: Numbers, columns: Sequence[Numbers]) -> Iterator[Sequence[Row]]:
    for begin in range(0, len(ordered), ROWS_AT_ONCE):
        places = ordered[begin : begin + ROWS_AT_ONCE]
        ids = [variant_id(search_id, place) for place in places.tolist()]
        yield [*zip(ids, *(_cells(column[places]) for column in columns), strict=True)]


def _cells(values: Numbers) -> list[float | None]:
    """Numbers as cells; those that are not known are empty."""
    return [None if math.isnan(value) else value for value in values.tolist()]
