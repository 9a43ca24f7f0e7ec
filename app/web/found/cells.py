"""Puts many points together in the cells of a grid, so that a browser is sent few."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from app.services.variant_columns import Numbers
from app.ui.plots.chart import Scale

APART: Final = 200
"""Up to this number of points, each is drawn."""
CELLS: Final = (60, 33)
"""Cells across and up: a browser gets 1,980 points at most."""


@dataclass(frozen=True)
class Points:
    """What is drawn.

    Attributes
    ----------
    x, y
        Where each point stands.
    colour
        The values behind the colours; ``None`` if all have the same.
    counts
        How many variants each point stands for.
    positions
        The variants' positions; ``None`` if points stand for several.
    """

    x: Numbers
    y: Numbers
    colour: Numbers | None
    counts: Numbers
    positions: Numbers | None


def grouped(points: Points, scales: Sequence[Scale]) -> Points:
    """The same points, or one in each cell of a grid where they are more than :data:`APART`.

    It stands at the mean of what it stands for, and has the colour of their mean. A cell that holds
    equal points alone therefore shows them where they are.
    """
    if len(points.x) <= APART:
        return points
    across, up = CELLS
    cell = _bins(points.x, across, scales[0]) * up + _bins(points.y, up, scales[1])
    counts = np.bincount(cell, minlength=across * up)
    filled = np.flatnonzero(counts)

    def mean(values: Numbers) -> Numbers:
        known = np.isfinite(values)
        sums = np.bincount(cell, np.where(known, values, 0), across * up)
        numbers = np.bincount(cell, known, across * up)
        with np.errstate(invalid="ignore"):  # a cell without a known value has none
            return (sums / numbers)[filled]

    colour = None if points.colour is None else mean(points.colour)
    return Points(mean(points.x), mean(points.y), colour, counts[filled], None)


def _bins(values: Numbers, number: int, scale: Scale) -> Numbers:
    """The number of each value's bin, of bins that are equally wide on the axis."""
    placed = np.log(values) if scale == "log" else values
    low, high = placed.min(), placed.max()
    if low == high:
        return np.zeros(len(values), np.int64)
    share = (placed - low) * (number / (high - low))
    return np.minimum(share.astype(np.int64), number - 1)  # type: ignore[no-any-return]
