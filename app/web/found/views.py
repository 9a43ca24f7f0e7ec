"""What a reader of a search's page looks at: axes, filters, order. All of it stands in the URL."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Query

NAME_LENGTH: Final = 200

MOST_COLUMNS: Final = 30
"""Columns of unknowns that can be chosen; all addresses on the page name them."""

Name = Annotated[str, Query(max_length=NAME_LENGTH)]
End = Annotated[str, Query(max_length=40)]
Place = Annotated[int | None, Query(ge=0, lt=2**31)]


@dataclass(frozen=True)
class View:
    """The choices; empty texts are defaults.

    Attributes
    ----------
    x, y, colour
        Columns that the plot shows.
    by1, by2, by3
        Columns that filters are on, each with its least and largest value.
    sort
        A column, with ``-`` before it for the largest first; the solver's order by default.
    start
        How many variants stand before the page: those of an ended search never change.
    chosen
        The position of the variant that is compared with the original.
    columns
        The unknowns that the table shows; ``None`` for the usual ones.
    """

    x: Name = ""
    y: Name = ""
    colour: Name = ""
    by1: Name = ""
    from1: End = ""
    to1: End = ""
    by2: Name = ""
    from2: End = ""
    to2: End = ""
    by3: Name = ""
    from3: End = ""
    to3: End = ""
    sort: Name = ""
    start: Annotated[int, Query(ge=0, lt=2**31)] = 0
    chosen: Place = None
    columns: Annotated[list[Name] | None, Query(max_length=MOST_COLUMNS)] = None

    def filter(self, place: int) -> "Filter":
        """The filter at a place, from 1 to 3."""
        given = (
            Filter(self.by1, self.from1, self.to1),
            Filter(self.by2, self.from2, self.to2),
            Filter(self.by3, self.from3, self.to3),
        )
        return given[place - 1]

    @property
    def filters(self) -> dict[int, "Filter"]:
        """The filters with a column, by their places."""
        given = {place: self.filter(place) for place in (1, 2, 3)}
        return {place: one for place, one in given.items() if one.column}

    def query(self, **changes: Any) -> str:
        """The query string of this view, with other choices in some places."""
        return urlencode([*replace(self, **changes).given()])

    def given(self) -> Iterator[tuple[str, Any]]:
        """Yield the choices that are no defaults, as a form sends them."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, list):
                yield from ((field.name, one) for one in value)
            elif value != field.default:
                yield field.name, value


@dataclass(frozen=True)
class Filter:
    """A range of a column's values, as a reader wrote it; an empty end is open."""

    column: str
    low: str
    high: str


@dataclass(frozen=True)
class Zoom:
    """The part of a plot that a reader zoomed to."""

    x0: Annotated[float | None, Query(allow_inf_nan=False)] = None
    x1: Annotated[float | None, Query(allow_inf_nan=False)] = None
    y0: Annotated[float | None, Query(allow_inf_nan=False)] = None
    y1: Annotated[float | None, Query(allow_inf_nan=False)] = None


WHOLE: Final = Zoom()
