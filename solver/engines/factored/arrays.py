"""Joins of sorted columns: lists of different lengths as flat arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from solver.variation.unknown import Range

Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

EMPTY: Ints = np.zeros(0, np.int64)
FEW: Final = 2_000
"""Shorter columns are sorted by comparison."""


def ragged(starts: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """The lists ``starts[i] .. starts[i] + counts[i] - 1``, one after another.

    Returns
    -------
    owner
        The list that each element belongs to.
    element
        The elements.
    """
    owner = np.repeat(np.arange(len(counts)), counts)
    behind = np.cumsum(counts)
    shift = starts - (behind - counts)
    return owner, np.arange(len(owner)) + shift[owner]


def combinations(spans: Sequence[Ints]) -> list[Ints]:
    """All combinations of values, as a column for each span; the last varies fastest."""
    inner, columns = prod(len(span) for span in spans), []
    outer = 1
    for span in spans:
        inner //= max(1, len(span))
        columns.append(np.tile(np.repeat(span, inner), outer))
        outer *= len(span)
    return columns


def sort(packed: Ints, bits: int) -> Ints:
    """Sort whole numbers of ``bits`` bits: a radix sort with 16-bit digits.

    numpy sorts 16-bit keys by radix, in a tenth of the time of a sort by comparison.
    """
    if len(packed) < FEW:
        return np.sort(packed)
    for place in range(0, bits, 16):
        packed = packed[np.argsort((packed >> place).astype(np.uint16), kind="stable")]
    return packed


class Index:
    """The places of keys in a sorted column."""

    def __init__(self, keys: Ints) -> None:
        self._keys = keys

    def find(self, wanted: Ints) -> tuple[Ints, Ints]:
        """First place of each wanted key, and how often it occurs."""
        first = np.searchsorted(self._keys, wanted)
        return first, np.searchsorted(self._keys, wanted, side="right") - first


class Numbering:
    """Numbers the distinct keys of a sorted column from 0; all other keys get ``-1``."""

    DENSE = 1 << 22
    """A table is used if the largest key is smaller; else a binary search."""

    def __init__(self, keys: Ints) -> None:
        is_first = np.ones(len(keys), bool)
        np.not_equal(keys[1:], keys[:-1], out=is_first[1:])
        self.starts = np.flatnonzero(is_first)
        self.counts = np.diff(self.starts, append=len(keys))
        self._known = keys[self.starts]
        self._table: Ints | None = None
        if len(keys) and keys[-1] < self.DENSE:
            self._table = np.full(int(keys[-1]) + 1, -1)
            self._table[self._known] = np.arange(len(self._known))

    def __len__(self) -> int:
        return len(self._known)

    def of(self, keys: Ints) -> Ints:
        """The number of each key."""
        if not len(self._known):
            return np.full(len(keys), -1)
        if self._table is not None:
            inside = np.minimum(keys, len(self._table) - 1)
            return np.where(keys == inside, self._table[inside], -1)
        place = np.minimum(np.searchsorted(self._known, keys), len(self._known) - 1)
        return np.where(self._known[place] == keys, place, -1)


@dataclass(frozen=True)
class Packing:
    """Packs rows into single numbers with the same order: a bit field for each symbol."""

    bounds: Mapping[str, Range]

    WIDEST = 62
    """Largest number of bits of a packed row."""

    @property
    def symbols(self) -> Sequence[str]:
        """The fields, the most significant first."""
        return tuple(self.bounds)

    @cached_property
    def _shifts(self) -> dict[str, int]:
        """First bit of each field; the key ``""`` holds the number of bits of a row."""
        shifts, place = {}, 0
        for symbol, (low, high) in reversed([*self.bounds.items()]):
            shifts[symbol] = place
            place += (high - low).bit_length()
        return {**shifts, "": place}

    @property
    def bits(self) -> int:
        """Number of bits of a row."""
        return self._shifts[""]

    def pack(self, values: Mapping[str, Ints], rows: int) -> Ints:
        """Pack some fields; the others are 0, so that the parts of a row can be added."""
        packed = np.zeros(rows, np.int64)
        for symbol, column in values.items():
            packed += (column - self.bounds[symbol].low) << self._shifts[symbol]
        return packed

    def step(self, symbol: str | None, distance: int) -> int:
        """Difference of two packed rows that differ by ``distance`` in one field."""
        return distance << self._shifts[symbol] if symbol else 0

    def unpack(self, packed: Ints) -> dict[str, Ints]:
        """All fields of each row."""
        columns = {}
        for symbol, (low, high) in self.bounds.items():
            columns[symbol] = packed >> self._shifts[symbol]
            columns[symbol] &= (1 << (high - low).bit_length()) - 1
            columns[symbol] += low
        return columns
