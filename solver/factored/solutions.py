"""All solutions of a problem as two short lists that belong together, and what they tell.

A solution is a row of the *first* list (resolution, values of the first window), one of the
*second* (values of the second window) and a width. Rows are grouped by what the budget and the
maps need to know of them: each row of the first list goes with every entry of its group, and an
entry is a row of the second list with an interval of widths. So solutions are counted, drawn and
listed without looking for them again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from solver.factored.arrays import Ints, Packing, ragged

MOST_COUNTED: Final = 2**53 - 1
"""Largest number that JSON readers keep exact (RFC 8259, section 6)."""


@dataclass(frozen=True)
class Solutions:
    """The solutions, factored.

    Attributes
    ----------
    packing
        How a row's values are packed.
    first
        Packed values of the first list's rows, all of which have solutions.
    group
        The group of each of them.
    starts, counts
        Where each group's entries stand.
    second
        Packed values of each entry's row of the second list and of its least width.
    widths
        How many widths each entry has.
    step
        Distance of two widths, packed.
    """

    packing: Packing
    first: Ints
    group: Ints
    starts: Ints
    counts: Ints
    second: Ints
    widths: Ints
    step: int

    @cached_property
    def _ends(self) -> Ints:
        """Solutions of the entries up to and including each, for one row of the first list."""
        return np.cumsum(self.widths)

    @cached_property
    def per_group(self) -> Ints:
        """Solutions that a row of the first list has, by its group."""
        before = np.r_[0, self._ends]
        sizes: Ints = before[self.starts + self.counts] - before[self.starts]
        return sizes

    @cached_property
    def count(self) -> int:
        """How many solutions there are.

        Raises
        ------
        OverflowError
            More than 2⁵³ − 1.
        """
        sizes = self.per_group[self.group]
        if float(np.sum(sizes, dtype=np.float64)) > MOST_COUNTED:
            raise OverflowError("there are more than 2^53 - 1 solutions; narrow the ranges")
        return int(sizes.sum())

    def all(self) -> Mapping[str, Ints]:
        """Every solution, in ascending order of the unknowns."""
        completions, starts, sizes = self._completions
        row, place = ragged(starts[self.group], sizes[self.group])
        packed = self.first[row] + completions[place]
        packed.sort()
        return self.packing.unpack(packed)

    @cached_property
    def _completions(self) -> tuple[Ints, Ints, Ints]:
        """What follows a row of the first list, packed, and where each group's part of it is."""
        entry, width = ragged(np.zeros_like(self.widths), self.widths)
        before = np.r_[0, self._ends]
        return self.second[entry] + width * self.step, before[self.starts], self.per_group

    def sample(self, number: int, seed: int) -> Mapping[str, Ints]:
        """So many solutions, drawn uniformly without replacement, in ascending order."""
        packed = self.at(ranks(self.count, number, seed))
        packed.sort()
        return self.packing.unpack(packed)

    def at(self, ranks: Ints) -> Ints:
        """The solutions at these places of the factored order, packed."""
        ends = np.cumsum(self.per_group[self.group])
        row = np.searchsorted(ends, ranks, side="right")
        within = ranks - (ends[row] - self.per_group[self.group[row]])
        start = self.starts[self.group[row]]
        place = within + np.r_[0, self._ends][start]
        entry = np.searchsorted(self._ends, place, side="right")
        width = place - (self._ends[entry] - self.widths[entry])
        packed: Ints = self.first[row] + self.second[entry] + width * self.step
        return packed


def ranks(total: int, number: int, seed: int) -> Ints:
    """So many of ``0 .. total − 1``, uniformly without replacement.

    One by one, and a number that was drawn before is drawn again: never more at once than are
    missing, so that the last one completes the set.
    """
    random = np.random.default_rng(seed)
    if number >= total:
        return np.arange(total)
    if total <= 4 * number:
        return random.permutation(total)[:number]
    drawn = np.zeros(0, np.int64)
    while len(drawn) < number:
        drawn = np.union1d(drawn, random.integers(total, size=number - len(drawn)))
    return drawn
