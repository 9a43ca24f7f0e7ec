"""The rows of a drawn graph: who stands above whom, and in which order (Sugiyama's method).

Each node stands one row below the lowest node that it reads. A node that is read further down has
a *lane*: a point in each row on the way, which all of its readers share.
"""

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, TypeAlias

Reads: TypeAlias = Sequence[Sequence[int]]
"""The nodes that each node reads; all come before it."""
SWEEPS: Final = 12
"""Passes over the rows, alternately down and up, in which crossings are undone."""


@dataclass
class Layering:
    """Vertices in rows. The first are the nodes of a graph; the others are points of lanes.

    Attributes
    ----------
    nodes
        The number of nodes.
    rows
        The vertices of each row, from left to right.
    above, below
        The vertices in the next row that each vertex is joined to.
    """

    nodes: int
    rows: list[list[int]]
    above: list[list[int]] = field(default_factory=list)
    below: list[list[int]] = field(default_factory=list)

    def is_point(self, vertex: int) -> bool:
        """Whether a vertex is a point of a lane."""
        return vertex >= self.nodes


def rows_of(reads: Reads) -> list[int]:
    """The row of each node: one below the lowest node that it reads."""
    rows: list[int] = []
    for read in reads:
        rows.append(1 + max((rows[it] for it in read), default=-1))
    return rows


def size_of(reads: Reads) -> int:
    """The number of vertices that a graph takes, counted before they are made."""
    rows = rows_of(reads)
    last = list(rows)
    for node, read in enumerate(reads):
        for source in read:
            last[source] = max(last[source], rows[node] - 1)
    return len(reads) + sum(end - start for start, end in zip(rows, last, strict=True))


def layered(reads: Reads) -> Layering:
    """Put a graph into rows, and order each row so that few lines cross."""
    found = _with_lanes(reads)
    best, least = [list(row) for row in found.rows], crossings(found)
    for sweep in range(SWEEPS):
        if least == 0:
            break
        _order(found, is_down=sweep % 2 == 0)
        number = crossings(found)
        if number < least:
            best, least = [list(row) for row in found.rows], number
    found.rows = best
    return found


def _with_lanes(reads: Reads) -> Layering:
    """The rows of a graph, with the lanes in the order in which they begin."""
    row_of = rows_of(reads)
    found = Layering(len(reads), [[] for _ in range(max(row_of) + 1)])
    found.above = [[] for _ in reads]
    found.below = [[] for _ in reads]
    lanes = [[node] for node in range(len(reads))]
    for node, row in enumerate(row_of):
        found.rows[row].append(node)
        for source in reads[node]:
            lane = lanes[source]
            while len(lane) < row - row_of[source]:
                point = len(found.above)
                found.above.append([lane[-1]])
                found.below.append([])
                found.below[lane[-1]].append(point)
                found.rows[row_of[source] + len(lane)].append(point)
                lane.append(point)
            joint = lane[row - row_of[source] - 1]
            found.above[node].append(joint)
            found.below[joint].append(node)
    return found


def _order(found: Layering, *, is_down: bool) -> None:
    """Sort each row by the mean place of its neighbours in the row before it."""
    rows = found.rows if is_down else found.rows[::-1]
    neighbours = found.above if is_down else found.below
    place = {vertex: at for at, vertex in enumerate(rows[0])}
    for row in rows[1:]:
        key = {}
        for at, vertex in enumerate(row):
            near = [place[it] for it in neighbours[vertex]]
            key[vertex] = sum(near) / len(near) if near else at
        row.sort(key=key.__getitem__)
        place |= {vertex: at for at, vertex in enumerate(row)}


def crossings(found: Layering) -> int:
    """The number of pairs of lines that cross between neighbouring rows."""
    number = 0
    for upper, lower in pairwise(found.rows):
        place = {vertex: at for at, vertex in enumerate(upper)}
        seen: list[int] = []
        for vertex in lower:
            ends = sorted(place[it] for it in found.above[vertex])
            number += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return number
