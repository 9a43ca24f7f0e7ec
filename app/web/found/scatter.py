"""The plot of all variants of a search, with the original and the chosen one."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Final

import numpy as np

from app.services.variant_columns import Numbers
from app.ui.plots.chart import MARKS, Axis, Chart, Series
from app.ui.sentences import percent
from app.ui.texts import count
from app.web.found.cells import Points, grouped
from app.web.found.colours import UNKNOWN, classes
from app.web.found.naming import PERCENTAGES, axis_of, title_of
from app.web.found.originals import measures_of
from app.web.found.shown import Shown
from app.web.found.views import Zoom

WIDE: Final = 50
"""An axis is logarithmic if its largest value is this many times its least."""


class Scatter:
    """The plot of the variants that are shown, within the ranges of a zoom.

    Attributes
    ----------
    number
        How many variants lie within the ranges.
    """

    def __init__(self, shown: Shown, address: str, zoom: Zoom) -> None:
        self._shown, self._address, self._zoom = shown, address, zoom
        self._x, self._y, self._colour = shown.axes
        self._columns = shown.columns(name for name in shown.axes if name)
        x, y = self._columns[self._x], self._columns[self._y]
        inside = _within(x, zoom.x0, zoom.x1) & _within(y, zoom.y0, zoom.y1)
        self._seen = np.flatnonzero(inside)
        self.number = len(self._seen)

    @property
    def chart(self) -> Chart:
        """The plot."""
        zoom, (x, y) = self._zoom, self._axes
        title = f"{count(self.number)} variants: {title_of(self._y)} against {title_of(self._x)}"
        return Chart(
            title,
            replace(x, low=zoom.x0, high=zoom.x1),
            replace(y, low=zoom.y0, high=zoom.y1),
            [*self._variants(), *self._marked()],
        )

    @cached_property
    def _axes(self) -> tuple[Axis, Axis]:
        return _axis(self._x, self._columns[self._x]), _axis(self._y, self._columns[self._y])

    def _variants(self) -> Iterator[Series]:
        seen = {name: of[self._seen] for name, of in self._columns.items()}
        points = grouped(
            Points(
                seen[self._x],
                seen[self._y],
                seen.get(self._colour),
                np.ones(self.number, np.int64),
                self._shown.positions[self._seen],
            ),
            [axis.scale for axis in self._axes],
        )
        if points.colour is None:
            yield self._series("variants", points, np.arange(len(points.x)), 1, 0)
            return
        found = classes(self._colour, self._columns[self._colour])
        which = found.of(points.colour)
        for place, name in enumerate(found.names):
            if (members := np.flatnonzero(which == place)).size:
                yield self._series(name, points, members, found.step(place), place)
        if (members := np.flatnonzero(which < 0)).size:
            grey = self._series(UNKNOWN, points, members, 7, len(MARKS) - 1)
            yield replace(grey, is_ramp=False)

    def _series(
        self, name: str, points: Points, members: Numbers, colour: int, place: int
    ) -> Series:
        names: list[str] = []
        links: list[str] = []
        if points.positions is not None:
            positions = [int(position) for position in points.positions[members]]
            links = [f"{self._address}{self._linked(position)}" for position in positions]
            named = zip(positions, members, strict=True)
            names = [self._named(position, points, at) for position, at in named]
        is_several = points.positions is None
        return Series(
            name,
            points.x[members].tolist(),
            points.y[members].tolist(),
            names=names,
            links=links,
            counts=points.counts[members].tolist() if is_several else (),
            mark=MARKS[place % len(MARKS)],
            colour=colour,
            is_ramp=points.colour is not None,
        )

    def _linked(self, position: int) -> str:
        return f"?{self._shown.view.query(chosen=position)}#compared"

    def _named(self, position: int, points: Points, at: int) -> str:
        x, y = _written(self._x, points.x[at]), _written(self._y, points.y[at])
        return f"#{position}: {title_of(self._x)} {x}, {title_of(self._y)} {y}"

    def _marked(self) -> Iterator[Series]:
        """The original, where it has the numbers that are shown, and the chosen variant."""
        original = measures_of(self._shown.search.deriver.problem)
        if self._x in original and self._y in original:
            at = [original[self._x]], [original[self._y]]
            yield Series("original", *at, names=["original"], mark="diamond", colour=2)
        chosen = self._shown.view.chosen
        columns = self._shown.search.columns([self._x, self._y])
        x, y = columns[self._x], columns[self._y]
        if chosen is not None and chosen < len(x):
            name = f"chosen: #{chosen}"
            at = [x[chosen].item()], [y[chosen].item()]
            yield Series(name, *at, names=[name], mark="cross", colour=2)


def _axis(name: str, values: Numbers) -> Axis:
    known = values[np.isfinite(values)]
    is_wide = known.size and known.min() > 0 and known.max() >= WIDE * known.min()
    return axis_of(name, "log" if is_wide and name not in PERCENTAGES else "linear")


def _within(values: Numbers, low: float | None, high: float | None) -> Numbers:
    inside = np.isfinite(values)
    if low is not None:
        inside &= values >= low
    if high is not None:
        inside &= values <= high
    return inside


def _written(name: str, value: float) -> str:
    return percent(float(value)) if name in PERCENTAGES else count(int(value))
