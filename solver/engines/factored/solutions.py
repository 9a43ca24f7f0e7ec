"""All solutions of a problem as two short lists, which can be tallied, sampled and enumerated.

A solution is a row of the *first* list (resolution, values of the first window), a row of the
*second* list (values of the second window) and a width. Rows are grouped by the values that budgets
and maps depend on. An entry is a row of the second list with an interval of widths. Each row of the
first list forms solutions with every entry of its group.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver.engines.factored.arrays import EMPTY, Ints, Packing, ragged, sort
from solver.engines.factored.windows import LARGEST_TABLE, bounded
from solver.network.schema import MAX_COUNT


@dataclass(frozen=True)
class Solutions:
    """The solutions, factored.

    Attributes
    ----------
    packing
        The bit fields of packed rows.
    first
        The packed rows of the first list; each has solutions.
    group
        The group of each row of the first list.
    starts, counts
        Place of the first entry, and number of entries, of each group.
    second
        The packed row of the second list, and least width, of each entry.
    widths
        Number of widths of each entry.
    step
        Packed difference of two neighbouring widths.
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
    def _begins(self) -> Ints:
        """Number of (entry, width) pairs before each entry; the last number is the total."""
        begins = np.zeros(len(self.widths) + 1, np.int64)
        np.cumsum(self.widths, out=begins[1:])
        return begins

    @property
    def _ends(self) -> Ints:
        """Number of (entry, width) pairs up to and including each entry."""
        return self._begins[1:]

    @cached_property
    def per_group(self) -> Ints:
        """Number of solutions of a row of the first list, by group."""
        sizes: Ints = self._begins[self.starts + self.counts] - self._begins[self.starts]
        return sizes

    @cached_property
    def count(self) -> int:
        """Number of solutions.

        Raises
        ------
        OverflowError
            There are more than 2⁵³ − 1.
        """
        sizes = self.per_group[self.group]
        if float(np.sum(sizes, dtype=np.float64)) > MAX_COUNT:
            raise OverflowError("there are more than 2^53 - 1 solutions; narrow the ranges")
        return int(sizes.sum())

    def all(self) -> Mapping[str, Ints]:
        """All solutions, in ascending order of the unknowns."""
        if self._begins[-1] > max(LARGEST_TABLE, self.count):  # most belong to no row
            packed = self.at(np.arange(self.count))
        else:
            packed = self._joined(self.first, self.group)
        return self.packing.unpack(sort(packed, self.packing.bits))

    def _joined(self, first: Ints, group: Ints) -> Ints:
        """The solutions of some rows of the first list, packed."""
        row, place = ragged(self.completion_of_group[group], self.per_group[group])
        packed: Ints = first[row] + self.completions[place]
        return packed

    @cached_property
    def completions(self) -> Ints:
        """All (entry, width) pairs, packed, group by group.

        Raises
        ------
        TooManyError
            There are too many.
        """
        if self._begins[-1] == len(self.widths):
            return self.second
        bounded(self._begins[-1:])
        entry, width = ragged(np.zeros_like(self.widths), self.widths)
        completions: Ints = self.second[entry] + width * self.step
        return completions

    @cached_property
    def completion_of_group(self) -> Ints:
        """Place of the first completion of each group."""
        return self._begins[self.starts]

    @cached_property
    def group_of_completion(self) -> Ints:
        """The group of each completion."""
        bounded(self._begins[-1:])
        return np.repeat(np.arange(len(self.starts)), self.per_group)

    def of_groups(self, groups: Ints) -> Ints:
        """All solutions of some groups, packed, in any order."""
        order, ends = self._by_group
        row, place = ragged((ends - self._rows)[groups], self._rows[groups])
        return self._joined(self.first[order[place]], groups[row])

    @cached_property
    def _rows(self) -> Ints:
        """Number of rows of the first list in each group."""
        return np.bincount(self.group, minlength=len(self.starts))

    @cached_property
    def _by_group(self) -> tuple[Ints, Ints]:
        small = self.group.astype(np.uint16) if len(self.starts) < 1 << 16 else self.group
        return np.argsort(small, kind="stable"), np.cumsum(self._rows)

    @property
    def sizes(self) -> Ints:
        """Number of solutions in each group."""
        sizes: Ints = self._rows * self.per_group
        return sizes

    def highest_of_first(self, values: NDArray[Any]) -> NDArray[Any]:
        """The highest value in each group, for values of the rows of the first list."""
        return _highest(values, self.group, len(self.starts))

    def highest_of_second(self, values: NDArray[Any]) -> NDArray[Any]:
        """The highest value in each group, for values of the completions."""
        return _highest(values, self.group_of_completion, len(self.starts))

    @cached_property
    def lowest_first(self) -> Ints:
        """The packed row of the first list with the lowest resolution in each group."""
        return -_highest(-self.first, self.group, len(self.starts))

    def sample(self, number: int, seed: int) -> Mapping[str, Ints]:
        """A uniform sample of ``number`` solutions without replacement, in ascending order."""
        packed = self.at(ranks(self.count, number, seed))
        return self.packing.unpack(sort(packed, self.packing.bits))

    def at(self, ranks: Ints) -> Ints:
        """The solutions at these places of the factored order, packed."""
        ends = np.cumsum(self.per_group[self.group])
        row = np.searchsorted(ends, ranks, side="right")
        within = ranks - (ends[row] - self.per_group[self.group[row]])
        start = self.starts[self.group[row]]
        place = within + self._begins[start]
        entry = np.searchsorted(self._ends, place, side="right")
        width = place - (self._ends[entry] - self.widths[entry])
        packed: Ints = self.first[row] + self.second[entry] + width * self.step
        return packed


def _highest(values: NDArray[Any], group: Ints, groups: int) -> NDArray[Any]:
    """The highest value in each group; an empty group gets the lowest value of all."""
    highest = np.full(groups, values.min() if len(values) else 0, values.dtype)
    np.maximum.at(highest, group, values)
    return highest


def ranks(total: int, number: int, seed: int) -> Ints:
    """A uniform sample of ``number`` of ``0 .. total − 1`` without replacement.

    Numbers that were drawn before are replaced by new draws. Each round draws exactly as many as
    are missing, which keeps the sample uniform.
    """
    random = np.random.default_rng(seed)
    if number >= total:
        return np.arange(total)
    if total <= 4 * number:
        return random.permutation(total)[:number]
    drawn = EMPTY
    while len(drawn) < number:
        more = random.integers(total, size=number - len(drawn))
        drawn = sort(np.concatenate([drawn, more]), total.bit_length())
        is_first = np.ones(len(drawn), bool)
        np.not_equal(drawn[1:], drawn[:-1], out=is_first[1:])
        drawn = drawn[is_first]
    return drawn
