"""Which variants a reader sees, and in which order: filters and sorting over columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from app.errors import Fault, RefusedError
from app.services.variant_columns import ACCURACY, MEASURES, Numbers, Search
from app.web.found.naming import defaults, title_of
from app.web.found.views import Filter, View
from solver.problem import Budget


@dataclass(frozen=True)
class Shown:
    """The variants of a search that pass a reader's filters.

    Raises
    ------
    RefusedError
        A column is unknown, or the end of a range is no number.
    """

    search: Search
    view: View
    budget: Budget

    def __post_init__(self) -> None:
        view = self.view
        named = {"x": view.x, "y": view.y, "colour": view.colour, "sort": view.sort.lstrip("-")}
        named |= {f"by{place}": one.column for place, one in view.filters.items()}
        known = self.names
        faults = [
            Fault(f"query/{place}", f"there is no column {name}; known are {', '.join(known)}")
            for place, name in named.items()
            if name and name not in known
        ]
        unknowns = self.unknowns
        faults += [
            Fault("query/columns", f"there is no unknown {name}; known are {', '.join(unknowns)}")
            for name in view.columns or ()
            if name not in unknowns
        ]
        if faults:
            raise RefusedError(*faults)

    @property
    def names(self) -> Sequence[str]:
        """All columns."""
        return (*self.search.table.names, ACCURACY)

    @property
    def unknowns(self) -> Sequence[str]:
        """The columns of unknowns, but for the resolution."""
        return self.search.table.names[len(MEASURES) :]

    title_of = staticmethod(title_of)

    @cached_property
    def axes(self) -> tuple[str, str, str]:
        """The columns for x, y and colour; the colour may be ``""``."""
        view = self.view
        if view.x and view.y:
            return view.x, view.y, view.colour
        x, y, colour = defaults(self.search, self.budget)
        return view.x or x, view.y or y, view.colour or colour

    @cached_property
    def positions(self) -> Numbers:
        """The positions of the variants that pass, in ascending order."""
        if not self.view.filters:
            return np.arange(len(self.search.columns([])["resolution"]))
        filters = self.view.filters.values()
        columns = self.search.columns(one.column for one in filters)
        passed = [_passes(columns[one.column], one) for one in filters]
        return np.flatnonzero(np.logical_and.reduce(passed))

    @property
    def total(self) -> int:
        """How many pass."""
        return len(self.positions)

    def columns(self, names: Iterable[str]) -> dict[str, Numbers]:
        """Some columns of the variants that pass."""
        columns = self.search.columns(names)
        if not self.view.filters:
            return columns
        return {name: of[self.positions] for name, of in columns.items()}

    @cached_property
    def ordered(self) -> Numbers:
        """The same positions, in the order that is asked for."""
        if not self.view.sort:
            return self.positions
        name = self.view.sort.lstrip("-")
        values = self.columns([name])[name]
        order = np.argsort(-values if self.view.sort.startswith("-") else values, kind="stable")
        return self.positions[order]

    def page(self, size: int) -> list[int]:
        """The positions of the variants on the page that is looked at, in its order."""
        begin = self.view.start
        return [int(place) for place in self.ordered[begin : begin + size]]


def _passes(values: Numbers, wanted: Filter) -> Numbers:
    """Which values lie in a range; those that are not known never do."""
    passed = np.isfinite(values)
    if wanted.low:
        passed &= values >= _number(wanted.low)
    if wanted.high:
        passed &= values <= _number(wanted.high)
    return passed


def _number(text: str) -> float:
    """A number as people write it: ``2,972``, ``1e6``, ``95%``.

    Raises
    ------
    RefusedError
        It is none.
    """
    plain = text.replace(",", "").replace(" ", "")
    try:
        value = float(plain.removesuffix("%")) / (100 if plain.endswith("%") else 1)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise RefusedError(Fault("query", f"{text} is no number; write one such as 2972 or 95%"))
    return value
