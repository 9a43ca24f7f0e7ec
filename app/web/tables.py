"""The tables of pages as CSV: each row that the page's filter lets through, on all of its pages."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from fastapi import Response

from app.api import tables
from app.services import csv_text

Item = TypeVar("Item")
Found_co = TypeVar("Found_co", covariant=True)
Columns: TypeAlias = Mapping[str, Callable[[Item], Any]]
"""What a table holds of each item, by the names of its columns; ``None`` leaves a cell empty."""


class Page(Protocol[Found_co]):
    """A page of a list, and the cursor of the next one if there is one."""

    @property
    def items(self) -> Sequence[Found_co]:
        """The items on this page."""

    @property
    def next(self) -> str | None:
        """The cursor of the next page."""


def all_pages(newest: Callable[[str | None], Page[Item]]) -> Iterator[Sequence[Item]]:
    """Yield the items of each page of a list, given how a page is found by its cursor.

    Each page is read in a transaction of its own.
    """
    page = newest(None)
    yield page.items
    while page.next is not None:
        page = newest(page.next)
        yield page.items


def csv(
    name: str, columns: Columns[Item], parts: Iterable[Sequence[Item]], accepted: str | None
) -> Response:
    """Stream a table, part by part, to be saved as ``NAME.csv``."""
    return tables.table(_lines(columns, parts), name, accepted)


def _lines(columns: Columns[Item], parts: Iterable[Sequence[Item]]) -> Iterator[str]:
    yield csv_text.lines([[*columns]])
    for items in parts:
        yield csv_text.lines(
            [csv_text.harmless(value(item)) for value in columns.values()] for item in items
        )
