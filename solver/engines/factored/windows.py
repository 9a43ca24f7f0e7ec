"""Eq. 4 as tables: all values of a window's unknowns that make maps of the right sides."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from solver.constraints.base import Constraint
from solver.engines.factored.arrays import EMPTY, Flags, Index, Ints, combinations, ragged
from solver.engines.factored.chain import FIELDS, Opening, Sides
from solver.engines.factored.factors import Factors
from solver.variation.numbers import Columns
from solver.variation.unknown import RESOLUTION, Range

LARGEST_GRID: Final = 1 << 24
"""Largest number of combinations that are tried: 0.25 s. The full engine takes more."""
LARGEST_TABLE: Final = 1 << 21
"""Largest number of rows that are kept: some hundreds of MiB."""


class TooManyError(Exception):
    """The ranges allow more combinations than tables can hold."""


@dataclass(frozen=True)
class WindowTable:
    """Values of some unknowns, and the side of the map behind the first window, in each row."""

    values: Mapping[str, Ints]
    side: Ints

    def __len__(self) -> int:
        return len(self.side)

    def take(self, rows: Ints | Flags) -> "WindowTable":
        """Some of the rows."""
        return WindowTable(
            {it: column[rows] for it, column in self.values.items()}, self.side[rows]
        )


def second_table(factors: Factors, between: Sides) -> WindowTable:
    """Values of the second window's unknowns that keep the map behind it.

    ``between`` holds all possible sides behind the first window. ``out(n; c, p, s, d) = M`` is
    solved for the side ``n`` of the second window's input:
    ``n = (M − 1)·s + d(c − 1) + 1 − 2p + r`` with ``0 ≤ r < s``.

    Raises
    ------
    TooManyError
        There are too many rows.
    """
    window, kept = factors.chain.second, factors.chain.kept
    if window is None or kept is None:
        side = np.array([kept or 0])
        return WindowTable({}, side[side <= factors.largest_side])
    grid = _grid(factors, window, window.symbols)
    c, p, s, d = (_value(grid, getattr(window, field)) for field in FIELDS)
    least = np.broadcast_to((kept - 1) * s + d * (c - 1) + 1 - 2 * p, _length(grid))
    most = np.minimum(least + s - 1, int(between.last.max(initial=0)))
    first = np.maximum(least, 1)
    row, side = ragged(first, bounded(np.maximum(most - first + 1, 0)))
    return _behind_first(
        WindowTable({it: column[row] for it, column in grid.items()}, side), between
    )


def _behind_first(table: WindowTable, between: Sides) -> WindowTable:
    """Replace the side of the second window's input by sides behind the first window."""
    order = np.argsort(between.last, kind="stable")
    first, counts = Index(between.last[order]).find(table.side)
    row, place = ragged(first, bounded(counts))
    values = {it: column[row] for it, column in table.values.items()}
    return WindowTable(values, between.first[order[place]])


def bounded(counts: Ints) -> Ints:
    """Return the lengths of lists if their sum is not too large.

    Raises
    ------
    TooManyError
        The sum is too large.
    """
    if counts.sum() > LARGEST_TABLE:
        raise TooManyError
    return counts


def first_table(factors: Factors, wanted: Flags, kernels: Ints | None) -> WindowTable:
    """Resolutions and values of the first window's unknowns that make one of the wanted sides.

    ``wanted[m]`` is whether the map behind the first window may have side ``m``; ``wanted[0]`` is
    false, since a window that does not fit has side 0. Only ``kernels`` are considered, if given.

    Raises
    ------
    TooManyError
        There are too many combinations or rows.
    """
    low, high = factors.ranges[RESOLUTION]
    resolutions = np.arange(low, high + 1)
    before = factors.chain.before(resolutions)
    resolutions, sides = resolutions[before.last > 0], before.last[before.last > 0]
    window = factors.chain.first
    if window is None:
        bare = WindowTable({RESOLUTION: resolutions}, np.zeros(len(resolutions), np.int64))
        return _enough(factors, bare, {RESOLUTION})
    grid = _grid(factors, window, [it for it in window.symbols if it != window.stride], kernels)
    strides = _span(factors, window.stride)
    if len(sides) * _length(grid) * len(strides) > LARGEST_GRID:
        raise TooManyError
    c, p, d = (_value(grid, getattr(window, it)) for it in FIELDS if it != "stride")
    offset = np.broadcast_to(2 * p - d * (c - 1) - 1, _length(grid)).astype(np.int32)
    slack = (sides.astype(np.int32)[:, None] + offset).ravel()
    parts = [_matching(slack, int(stride), wanted) for stride in strides]
    bounded(np.array([len(cells) for cells, _ in parts], np.int64))
    cell = np.concatenate([cells for cells, _ in parts]) if parts else EMPTY
    n, row = np.divmod(cell, max(1, _length(grid)))
    values = {RESOLUTION: resolutions[n], **{it: column[row] for it, column in grid.items()}}
    if isinstance(window.stride, str):
        values[window.stride] = np.repeat(strides, [len(cells) for cells, _ in parts])
    side = np.concatenate([found for _, found in parts]) if parts else EMPTY
    late = {RESOLUTION, window.stride}
    return _enough(factors, WindowTable(values, side), late)


def _matching(slack: NDArray[np.int32], stride: int, wanted: Flags) -> tuple[Ints, Ints]:
    """Places of windows that fit and make a wanted side, with the sides."""
    side = np.maximum(slack // stride + 1, 0)
    cells = np.flatnonzero(wanted[side])
    return cells, side[cells].astype(np.int64)


def _enough(factors: Factors, table: WindowTable, late: Set[str | int]) -> WindowTable:
    """Rows that satisfy the constraints on the unknowns that were added last."""
    for constraint in factors.local_to([*table.values]):
        if constraint.reads and not late.isdisjoint(constraint.reads):
            table = table.take(_holds(factors, constraint, table.values))
    return table


def _grid(
    factors: Factors, window: Opening, symbols: Sequence[str], kernels: Ints | None = None
) -> dict[str, Ints]:
    """All combinations of these unknowns that satisfy the constraints on them."""
    spans = [_span(factors, symbol) for symbol in symbols]
    if kernels is not None and window.kernel_size in symbols:
        place = symbols.index(str(window.kernel_size))
        spans[place] = kernels
    if prod(len(span) for span in spans) > LARGEST_GRID:
        raise TooManyError
    grid = dict(zip(symbols, combinations(spans), strict=True))
    for constraint in factors.local_to(symbols):
        kept = _holds(factors, constraint, grid)
        grid = {it: column[kept] for it, column in grid.items()}
    return grid


def kernels_of(factors: Factors, kernel: str) -> Ints:
    """Values of an unknown kernel that satisfy the constraints on it alone."""
    (window,) = (it for it in factors.chain.windows if it.kernel_size == kernel)
    return _grid(factors, window, [kernel])[kernel]


def _holds(factors: Factors, constraint: Constraint, values: Mapping[str, Ints]) -> Flags:
    return constraint.holds(Columns(factors.chain.template, values))


def _span(factors: Factors, field: str | int) -> Ints:
    low, high = factors.ranges[field] if isinstance(field, str) else Range(field, field)
    return np.arange(low, high + 1)


def _value(grid: Mapping[str, Ints], field: str | int) -> Ints | int:
    return grid[field] if isinstance(field, str) else field


def _length(grid: Mapping[str, Ints]) -> int:
    return len(next(iter(grid.values()))) if grid else 1
