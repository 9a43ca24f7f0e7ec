"""Columns of all variants of a search as numbers, kept for the next who asks.

numpy is imported here, and this module only by those who need it: the API starts without both.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.db import columns, searches
from app.db.engine import Database
from app.db.variants import Accuracy
from app.services.recent import Recent
from app.services.variants import Deriver, deriver
from solver.variation.unknown import RESOLUTION

Numbers: TypeAlias = NDArray[Any]

MEASURES: Final = (
    "resolution",
    "params",
    "flops",
    "macs",
    "activations",
    "coverage",
    "receptive_field",
)
"""Columns that every search has."""
ACCURACY: Final = "accuracy"
"""The column of accuracies on the test split; NaN where a variant was not trained."""
PRIME: Final = "'"
"""What follows an unknown's symbol in the name of its column: ``K1'``."""
KEPT: Final = 4
"""The number of searches that a process remembers; a column of a million takes 4 or 8 MB."""


class Table:
    """The columns of one search that has ended, each read when it is first asked for.

    Attributes
    ----------
    names
        Of all its columns, but for accuracies.
    """

    def __init__(
        self, symbols: Sequence[str], read: Callable[[Sequence[str]], Sequence[str]]
    ) -> None:
        self._symbols = [symbol + PRIME for symbol in symbols]
        self._read = read
        self._known: dict[str, Numbers] = {}
        self._lock = threading.Lock()
        self.names = (*MEASURES, *(it for it in self._symbols if it != RESOLUTION + PRIME))

    def columns(self, names: Iterable[str]) -> dict[str, Numbers]:
        """Some columns, in the order of the variants' positions."""
        wanted = list(dict.fromkeys(names))
        with self._lock:
            missing = [name for name in wanted if name not in self._known]
            if missing:
                self._learn(missing)
            return {name: self._known[name] for name in wanted}

    def _learn(self, names: Sequence[str]) -> None:
        measures = [name for name in names if name in MEASURES]
        has_unknowns = len(measures) < len(names)
        asked = ["position", *measures, *(["unknowns"] if has_unknowns else [])]
        position, *found = map(_numbers, asked, self._read(asked))
        is_sorted = bool(np.all(position[1:] > position[:-1]))
        order = slice(None) if is_sorted else np.argsort(position)
        self._known |= {name: column[order] for name, column in zip(measures, found, strict=False)}
        if has_unknowns:
            rows = found[-1].reshape(len(position), len(self._symbols))
            for name, column in zip(self._symbols, rows.T, strict=True):
                self._known[name] = np.ascontiguousarray(column[order])


def _numbers(name: str, text: str) -> Numbers:
    """The numbers in a text with commas between them, and brackets where they are lists."""
    plain = text.replace("[", "").replace("]", "")
    if name == "coverage":
        return np.fromstring(plain, dtype=np.float64, sep=",")
    values = np.fromstring(plain, dtype=np.int64, sep=",")
    is_small = values.size and values.max() < 2**31
    return values.astype(np.int32) if is_small else values


class Search(NamedTuple):
    """A search whose variants are looked at.

    Attributes
    ----------
    table
        All columns but accuracies.
    trained
        The accuracies of those variants that were trained, by position.
    deriver
        Derives variants from their rows.
    """

    table: Table
    trained: Mapping[int, Accuracy]
    deriver: Deriver

    def columns(self, names: Iterable[str]) -> dict[str, Numbers]:
        """Some columns, accuracies among them if they are asked for."""
        wanted = [*names]
        found = self.table.columns([name for name in wanted if name != ACCURACY] or MEASURES[:1])
        if ACCURACY in wanted:
            accuracies = np.full(len(next(iter(found.values()))), np.nan)
            for position, accuracy in self.trained.items():
                accuracies[position] = accuracy.mean
            found[ACCURACY] = accuracies
        return found


_TABLES: Final[Recent[Table]] = Recent(KEPT)


def of_search(database: Database, search_id: str) -> Search:
    """The columns of a search. One that has not ended has no variants yet.

    Raises
    ------
    app.db.errors.NotFoundError
        There is no such search.
    """
    with database.read() as session:
        finished_at = searches.finished_at(session, search_id)
        found = deriver(database, session, search_id)
        trained = columns.trained(session, search_id)
    return Search(_table(database, search_id, finished_at, found), trained, found)


def _table(
    database: Database, search_id: str, finished_at: datetime | None, found: Deriver
) -> Table:
    def read(names: Sequence[str]) -> Sequence[str]:
        with database.read() as session:
            return columns.texts(session, search_id, names)

    def make() -> Table:
        return Table(found.symbols, read)

    return make() if finished_at is None else _TABLES.get((search_id, finished_at), make)
