"""Other ways to enumerate Approaches III and IV in scope ``paper``, written from the equations.

They know one kind of network: a convolution of ``D × N × N`` pixels, and a second one for IV, both
square, without groups, biases or pools between. Each returns the same array as the solver, with a
row for each solution and columns in the order of the approach's unknowns. Rows come in any order.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solver.variation.unknown import Range

Rows = NDArray[np.int64]
CHUNK = 20_000_000
"""How many cells the dense search looks at together."""


@dataclass(frozen=True)
class Instance:
    """One problem: sizes of the original, ranges, and the band of its budget."""

    approach: str
    budget: str
    N: int
    D: int
    K1: int
    C1: int
    M1: int
    K2: int
    M2: int
    band: Range
    ranges: dict[str, Range]

    @property
    def kept(self) -> int:
        """Side of the map that must not change."""
        return self.M1 if self.approach == "III" else self.M2

    def span(self, name: str, of_pool: bool = False) -> NDArray[np.int64]:
        """Values of an unknown."""
        low, high = self.ranges[("pool_" if of_pool else "") + name]
        return np.arange(low, high + 1)

    def windows(self, second: bool) -> list[NDArray[np.int64]]:
        """Return kernel, padding and stride of one of the two windows, as columns of a grid."""
        pool = second and self.approach == "III"
        spans = [self.span(name, pool) for name in ("kernel_size", "padding", "stride")]
        c, p, s = (axis.ravel() for axis in np.meshgrid(*spans, indexing="ij"))
        allowed = (2 * p <= c) & (c >= 2) if pool else np.full(len(c), True)
        if not second:
            allowed = c > self.C1
        return [c[allowed], p[allowed], s[allowed]]

    def weight(self, c1: Rows, m1: Rows, c2: Rows) -> Rows:
        """Return the factor of ``K1'`` on the left of the budget's equation."""
        own = self.D * c1 * c1
        if self.approach == "III":
            return own if self.budget == "params" else m1 * m1 * (own + 1)
        behind = self.K2 * c2 * c2
        return own + behind if self.budget == "params" else m1 * m1 * own + self.M2**2 * behind


def dense(it: Instance) -> Rows:
    """Try every combination of resolution and both windows, in chunks; then every fitting width."""
    c1, p1, s1 = it.windows(second=False)
    c2, p2, s2 = it.windows(second=True)
    low, high = it.ranges["resolution"]
    n = np.arange(low, high + 1)[:, None]
    slack = n + 2 * p1 - c1
    m1 = np.where(slack >= 0, slack // s1 + 1, 0).ravel()
    at = max(1, CHUNK // len(c2))
    parts = [
        _dense_chunk(it, m1[start : start + at], start, (c1, p1, s1), (c2, p2, s2))
        for start in range(0, len(m1), at)
    ]
    return np.concatenate(parts)


def _dense_chunk(
    it: Instance, m1: Rows, start: int, first: tuple[Rows, ...], second: tuple[Rows, ...]
) -> Rows:
    (c1, p1, s1), (c2, p2, s2) = first, second
    slack = m1[:, None] + 2 * p2 - c2
    keeps = (slack >= 0) & (slack // s2 + 1 == it.kept) & (m1[:, None] > 0)
    row, col = np.nonzero(keeps)
    n, window = np.divmod(row + start, len(c1))
    values = (n + it.ranges["resolution"].low, c1[window], p1[window], s1[window])
    return _with_widths(it, values, m1[row], (c2[col], p2[col], s2[col]))


def _with_widths(it: Instance, first: tuple[Rows, ...], m1: Rows, second: tuple[Rows, ...]) -> Rows:
    """Return solutions with all widths within the band, for each geometry."""
    n, c1, p1, s1 = first
    w = it.weight(c1, m1, second[0])
    least, most = np.maximum(1, -(-it.band.low // w)), it.band.high // w
    counts = np.maximum(most - least + 1, 0)
    row = np.repeat(np.arange(len(w)), counts)
    width = np.arange(len(row)) - (np.cumsum(counts) - counts)[row] + least[row]
    columns = (n[row], width, c1[row], p1[row], s1[row], *(column[row] for column in second))
    return np.stack(columns, axis=1)


def join(it: Instance) -> Rows:
    """Join tables of Eq. 4, solved for its input, where maps and budget agree (output-sensitive).

    Both kernels and the first map determine the widths within the budget; both windows are looked
    up by kernel and map. This is about the least work possible.
    """
    c2, p2, s2 = it.windows(second=True)
    m1, of_second = _inputs(c2, p2, s2, it.kept, 1, _largest_map(it))
    c1, p1, s1 = it.windows(second=False)
    low, high = it.ranges["resolution"]
    maps = np.unique(m1)
    windows, sides = (axis.ravel() for axis in np.meshgrid(np.arange(len(c1)), maps, indexing="ij"))
    n, place = _inputs(c1[windows], p1[windows], s1[windows], sides, low, high)
    of_first, side = windows[place], sides[place]
    # first windows by (kernel, map), second windows by (map, kernel)
    base = int(maps.max(initial=0)) + 1
    key1, key2 = c1[of_first] * base + side, m1
    by_first, by_second = np.argsort(key1, kind="stable"), np.argsort(key2, kind="stable")
    groups, starts, counts = _runs(key1[by_first])
    kernel, group_map = np.divmod(groups, base)
    begin = np.searchsorted(key2[by_second], group_map)
    end = np.searchsorted(key2[by_second], group_map, side="right")
    group = np.repeat(np.arange(len(groups)), end - begin)
    second = by_second[np.arange(len(group)) + _shift(begin, end - begin)[group]]
    w = it.weight(kernel[group], group_map[group], c2[of_second[second]])
    least, most = np.maximum(1, -(-it.band.low // w)), it.band.high // w
    widths = np.maximum(most - least + 1, 0)
    pair = np.repeat(np.arange(len(group)), widths)
    width = np.arange(len(pair)) + _shift(least, widths)[pair]
    sizes = counts[group[pair]]
    entry = np.repeat(np.arange(len(pair)), sizes)
    first = by_first[np.arange(len(entry)) + _shift(starts[group[pair]], sizes)[entry]]
    a, b = of_first[first], of_second[second[pair[entry]]]
    columns = (n[first], width[entry], c1[a], p1[a], s1[a], c2[b], p2[b], s2[b])
    return np.stack(columns, axis=1)


def _runs(keys: Rows) -> tuple[Rows, Rows, Rows]:
    """Return the distinct values of a sorted column, where each begins, and how often it occurs."""
    values, starts, counts = np.unique(keys, return_index=True, return_counts=True)
    return values, starts.astype(np.int64), counts.astype(np.int64)


def _largest_map(it: Instance) -> int:
    return it.ranges["resolution"].high + 2 * it.ranges["padding"].high


def _shift(starts: Rows, counts: Rows) -> Rows:
    return starts - (np.cumsum(counts) - counts)


def _inputs(c: Rows, p: Rows, s: Rows, side: Rows | int, low: int, high: int) -> tuple[Rows, Rows]:
    """Return the inputs within bounds that give maps of these sides, and the window of each."""
    least = (side - 1) * s + c - 2 * p
    first, last = np.maximum(least, low), np.minimum(least + s - 1, high)
    counts = np.maximum(last - first + 1, 0)
    place = np.repeat(np.arange(len(c)), counts)
    return np.arange(len(place)) + _shift(first, counts)[place], place
