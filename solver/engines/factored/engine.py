"""From a problem to its factored solutions.

Paddings, strides and resolutions take no part in a budget but through the sides of maps. So the
budget is solved first (:mod:`~solver.engines.factored.skeleton`), over kernels, maps and widths;
the rest are windows that make these maps, read from tables of Eq. 4
(:mod:`~solver.engines.factored.windows`).
"""

from collections.abc import Sequence

import numpy as np

from solver.constraints.base import Constraint
from solver.engines.factored.arrays import EMPTY, Flags, Index, Ints, Numbering, Packing, ragged
from solver.engines.factored.best import RankedSolutions
from solver.engines.factored.chain import Sides
from solver.engines.factored.factors import Factors
from solver.engines.factored.skeleton import ByWidth, Cells, smaller_skeleton
from solver.engines.factored.windows import (
    TooManyError,
    WindowTable,
    bounded,
    first_table,
    second_table,
)
from solver.engines.full.model import Report
from solver.variation.template import Template
from solver.variation.unknown import Range


def factor(
    template: Template, constraints: Sequence[Constraint], width: str | None, time_limit: float
) -> tuple[RankedSolutions, Report]:
    """All solutions of a problem, unless the report's status says that time ran out.

    Raises
    ------
    NotFactoredError
        A constraint has no place among the parts that solutions are put together from.
    TooManyError
        The ranges are too wide for tables; the full model is slower, but needs none.
    OverflowError
        A count could leave 64 bits.
    """
    factors = Factors.of(template, constraints, width)
    between = _sides_between(factors)
    by_width = ByWidth(factors, between)
    if not by_width.reads_maps:  # then the budget alone may say that there is nothing
        cells, report = by_width.solve(time_limit)
        if not len(cells):
            return _none(factors), report
    second = second_table(factors, between)
    if by_width.reads_maps:
        between = between.take(np.isin(between.first, second.side))
        cells, report = smaller_skeleton(factors, between).solve(time_limit)
    entries = _entries(factors, cells, second)
    if not len(entries):
        return _none(factors), report
    first = first_table(factors, _wanted(factors, entries), _kernels(factors, entries))
    return _solutions(factors, first, entries), report


def _none(factors: Factors) -> RankedSolutions:
    return RankedSolutions(Packing(factors.ranges), *(EMPTY,) * 6, step=0)


def _sides_between(factors: Factors) -> Sides:
    """Every side that the map behind the first window could have, and what becomes of it."""
    if factors.chain.first is None:
        return factors.chain.between(np.zeros(1, np.int64))
    between = factors.chain.between(np.arange(1, factors.largest_side + 1))
    return between.take(between.last > 0)


class Entries:
    """Cells that go with rows of the second list."""

    def __init__(self, cells: Cells, second: WindowTable, cell: Ints, row: Ints) -> None:
        self.values = {it: column[cell] for it, column in cells.values.items()}
        self.low, self.high = cells.low[cell], cells.high[cell]
        self.second = second.take(row)

    def __len__(self) -> int:
        return len(self.low)


def _entries(factors: Factors, cells: Cells, second: WindowTable) -> Entries:
    """Join cells and the second list where they name the same second kernel and first map."""
    chain = factors.chain
    shared = [it for it in cells.values if it in second.values]
    has_side = chain.first_side in cells.values
    left = [cells.values[it] for it in shared]
    right = [second.values[it] for it in shared]
    if has_side:
        left, right = [*left, cells.values[chain.first_side]], [*right, second.side]
    spans = [factors.ranges[it].high + 1 for it in shared] + [factors.largest_side + 1]
    keys = _mixed(right, spans, len(second))
    order = np.argsort(keys)
    place, counts = Index(keys[order]).find(_mixed(left, spans, len(cells)))
    cell, at = ragged(place, bounded(counts))
    return Entries(cells, second, cell, order[at])


def _mixed(columns: Sequence[Ints], spans: Sequence[int], rows: int) -> Ints:
    """One number for each row's values; none of them reaches its span."""
    key = np.zeros(rows, np.int64)
    for column, span in zip(columns, spans, strict=False):
        key = key * span + column
    return key


def _wanted(factors: Factors, entries: Entries) -> Flags:
    """Which sides of the first map have an entry."""
    wanted = np.zeros(factors.largest_side + 1, bool)
    wanted[entries.second.side] = True
    return wanted


def _kernels(factors: Factors, entries: Entries) -> Ints | None:
    """Which first kernels have an entry; ``None`` where the budget does not depend on them."""
    found = [
        np.unique(entries.values[it]) for it in factors.chain.first_kernel if it in entries.values
    ]
    return found[0] if found else None


def _solutions(factors: Factors, first: WindowTable, entries: Entries) -> RankedSolutions:
    """Number the groups, and leave out rows that have no entry."""
    shared = [it for it in entries.values if it in first.values]
    spans = [factors.largest_side + 1, *(factors.ranges[it].high + 1 for it in shared)]
    keys = [entries.second.side, *(entries.values[it] for it in shared)]
    key = _mixed(keys, spans, len(entries))
    order = np.argsort(key, kind="stable")
    groups = Numbering(key[order])
    found = [first.side, *(first.values[it] for it in shared)]
    group = groups.of(_mixed(found, spans, len(first)))
    first, group = first.take(group >= 0), group[group >= 0]
    packing = _packing(factors, entries)
    low = {factors.width: entries.low} if factors.width else {}
    second = packing.pack({**entries.second.values, **low}, len(entries))
    return RankedSolutions(
        packing=packing,
        first=packing.pack(first.values, len(first)),
        group=group,
        starts=groups.starts,
        counts=groups.counts,
        second=second[order],
        widths=((entries.high - entries.low) // factors.step + 1)[order],
        step=packing.step(factors.width, factors.step),
    )


def _packing(factors: Factors, entries: Entries) -> Packing:
    """Fields for the unknowns in their order; the width's as wide as need be.

    Raises
    ------
    TooManyError
        A row does not fit into 62 bits.
    """
    bounds: dict[str, Range] = dict(factors.ranges)
    if factors.width:
        bounds[factors.width] = Range(int(entries.low.min()), int(entries.high.max()))
    packing = Packing(bounds)
    if packing.bits > Packing.WIDEST:
        raise TooManyError
    return packing
