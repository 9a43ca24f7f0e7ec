"""All values of a window's unknowns that make the maps they must make: Eq. 4 as tables."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from solver.constraints.base import Constraint
from solver.engines.factored.arrays import EMPTY, Flags, Index, Ints, combinations, ragged
from solver.engines.factored.chain import FIELDS, Opening, Sides
from solver.engines.factored.question import Question
from solver.variation.numbers import Columns
from solver.variation.unknown import RESOLUTION, Range

LARGEST_GRID: Final = 1 << 24
"""Most combinations that are looked through, a quarter of a second; more are left to CP-SAT."""
LARGEST_TABLE: Final = 1 << 21
"""Most rows that are kept of them: some hundreds of MiB."""


class TooManyError(Exception):
    """The ranges make more combinations than tables can hold."""


@dataclass(frozen=True)
class Table:
    """Some unknowns' values, and the side of the map behind the first window, row by row."""

    values: Mapping[str, Ints]
    side: Ints

    def __len__(self) -> int:
        return len(self.side)

    def take(self, rows: Ints | Flags) -> "Table":
        """Some of the rows."""
        return Table({it: column[rows] for it, column in self.values.items()}, self.side[rows])


def second_table(question: Question, between: Sides) -> Table:
    """Values of the second window's unknowns that keep the map behind it.

    ``between`` are all sides behind the first window that can be. Solved for the second window's
    input ``n``, ``out(n; c, p, s, d) = M`` is
    ``n = (M − 1)·s + d(c − 1) + 1 − 2p + r`` with ``0 ≤ r < s``.

    Raises
    ------
    TooManyError
        There are too many.
    """
    window, kept = question.chain.second, question.chain.kept
    if window is None or kept is None:
        side = np.array([kept or 0])
        return Table({}, side[side <= question.largest_side])
    grid = _grid(question, window, window.symbols)
    c, p, s, d = (_value(grid, getattr(window, field)) for field in FIELDS)
    least = np.broadcast_to((kept - 1) * s + d * (c - 1) + 1 - 2 * p, _length(grid))
    most = np.minimum(least + s - 1, int(between.last.max(initial=0)))
    first = np.maximum(least, 1)
    row, side = ragged(first, bounded(np.maximum(most - first + 1, 0)))
    return _behind_first(Table({it: column[row] for it, column in grid.items()}, side), between)


def _behind_first(table: Table, between: Sides) -> Table:
    """A table by the second window's input side as one by the side behind the first window."""
    order = np.argsort(between.last, kind="stable")
    first, counts = Index(between.last[order]).find(table.side)
    row, place = ragged(first, bounded(counts))
    values = {it: column[row] for it, column in table.values.items()}
    return Table(values, between.first[order[place]])


def bounded(counts: Ints) -> Ints:
    """The lengths of lists that are to be made, if they are not too many.

    Raises
    ------
    TooManyError
        They are.
    """
    if counts.sum() > LARGEST_TABLE:
        raise TooManyError
    return counts


def first_table(question: Question, wanted: Flags, kernels: Ints | None) -> Table:
    """Resolutions and values of the first window's unknowns that make one of the wanted sides.

    ``wanted[m]`` is whether a map of side ``m`` will do behind the first window, 0 (none) never;
    ``kernels`` are the only sizes to look at, if given.

    Raises
    ------
    TooManyError
        There are too many.
    """
    low, high = question.ranges[RESOLUTION]
    resolutions = np.arange(low, high + 1)
    before = question.chain.before(resolutions)
    resolutions, sides = resolutions[before.last > 0], before.last[before.last > 0]
    window = question.chain.first
    if window is None:
        bare = Table({RESOLUTION: resolutions}, np.zeros(len(resolutions), np.int64))
        return _enough(question, bare, {RESOLUTION})
    grid = _grid(question, window, [it for it in window.symbols if it != window.stride], kernels)
    strides = _span(question, window.stride)
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
    return _enough(question, Table(values, side), late)


def _matching(slack: NDArray[np.int32], stride: int, wanted: Flags) -> tuple[Ints, Ints]:
    """Cells whose window fits and makes a wanted side, and the sides."""
    side = np.maximum(slack // stride + 1, 0)
    cells = np.flatnonzero(wanted[side])
    return cells, side[cells].astype(np.int64)


def _enough(question: Question, table: Table, late: Set[str | int]) -> Table:
    """Rows that satisfy what is asked of these unknowns, alone or together with others."""
    for constraint in question.local_to([*table.values]):
        if constraint.reads and not late.isdisjoint(constraint.reads):
            table = table.take(_holds(question, constraint, table.values))
    return table


def _grid(
    question: Question, window: Opening, symbols: Sequence[str], kernels: Ints | None = None
) -> dict[str, Ints]:
    """All combinations of these unknowns that satisfy what is asked of them."""
    spans = [_span(question, symbol) for symbol in symbols]
    if kernels is not None and window.kernel_size in symbols:
        place = symbols.index(str(window.kernel_size))
        spans[place] = kernels
    if prod(len(span) for span in spans) > LARGEST_GRID:
        raise TooManyError
    grid = dict(zip(symbols, combinations(spans), strict=True))
    for constraint in question.local_to(symbols):
        kept = _holds(question, constraint, grid)
        grid = {it: column[kept] for it, column in grid.items()}
    return grid


def kernels_of(question: Question, kernel: str) -> Ints:
    """Values that an unknown kernel size may have, whatever else of its window."""
    (window,) = (it for it in question.chain.windows if it.kernel_size == kernel)
    return _grid(question, window, [kernel])[kernel]


def _holds(question: Question, constraint: Constraint, values: Mapping[str, Ints]) -> Flags:
    return constraint.holds(Columns(question.chain.template, values))


def _span(question: Question, field: str | int) -> Ints:
    low, high = question.ranges[field] if isinstance(field, str) else Range(field, field)
    return np.arange(low, high + 1)


def _value(grid: Mapping[str, Ints], field: str | int) -> Ints | int:
    return grid[field] if isinstance(field, str) else field


def _length(grid: Mapping[str, Ints]) -> int:
    return len(next(iter(grid.values()))) if grid else 1
