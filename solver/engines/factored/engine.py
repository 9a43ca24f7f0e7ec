"""From a problem to its factored solutions.

Paddings, strides and resolutions affect a budget only through the sides of maps. So the budget is
solved first, over kernels, maps and widths (:mod:`~solver.engines.factored.skeleton`). Then windows
that make these maps are looked up in tables of Eq. 4 (:mod:`~solver.engines.factored.windows`).
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
from solver.engines.report import Report
from solver.variation.template import Template
from solver.variation.unknown import Range


def factor(
    template: Template, constraints: Sequence[Constraint], width: str | None, time_limit: float
) -> tuple[RankedSolutions, Report]:
    """All solutions of a problem, unless the status of the report says that time ran out.

    Raises
    ------
    NotFactoredError
        A constraint fits none of the parts that solutions are made of.
    TooManyError
        The ranges are too wide for tables; the full engine needs none, but is slower.
    OverflowError
        A count could exceed 64 bits.
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
    """Every possible side of the map behind the first window, with the sides that follow."""
    if factors.chain.first is None:
        return factors.chain.between(np.zeros(1, np.int64))
    between = factors.chain.between(np.arange(1, factors.largest_side + 1))
    return between.take(between.last > 0)


class Entries:
    """Pairs of a cell and a row of the second table."""

    def __init__(self, cells: Cells, second: WindowTable, cell: Ints, row: Ints) -> None:
        self.values = {it: column[cell] for it, column in cells.values.items()}
        self.low, self.high = cells.low[cell], cells.high[cell]
        self.second = second.take(row)

    def __len__(self) -> int:
        return len(self.low)


def _entries(factors: Factors, cells: Cells, second: WindowTable) -> Entries:
    """Join cells with rows of the second table that have the same second kernel and first map."""
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
    """One number for the values of each row; each value is below its span."""
    key = np.zeros(rows, np.int64)
    for column, span in zip(columns, spans, strict=False):
        key = key * span + column
    return key


def _wanted(factors: Factors, entries: Entries) -> Flags:
    """Flags of the sides of the first map that have an entry."""
    wanted = np.zeros(factors.largest_side + 1, bool)
    wanted[entries.second.side] = True
    return wanted


def _kernels(factors: Factors, entries: Entries) -> Ints | None:
    """First kernels that have an entry; ``None`` if the budget does not depend on them."""
    found = [
        np.unique(entries.values[it]) for it in factors.chain.first_kernel if it in entries.values
    ]
    return found[0] if found else None


def _solutions(factors: Factors, first: WindowTable, entries: Entries) -> RankedSolutions:
    """Number the groups, and drop rows without an entry."""
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
    """Bit fields for the unknowns in order; the field of the width is as small as possible.

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
