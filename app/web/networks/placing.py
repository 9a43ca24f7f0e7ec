"""Where the vertices of a layered graph stand in their rows, so that lanes are straight.

Brandes and Köpf, *Fast and simple horizontal coordinate assignment* (2001): vertices are aligned
in columns four times, upwards and downwards, from the left and from the right, and stand at the
mean of the middle two places. Columns are packed as in dagre, by longest paths. Unlike there, lines
between nodes win over lanes where they cross: the chain of a network's layers is straight.
"""

from collections.abc import Mapping, Sequence, Set
from itertools import pairwise
from typing import TypeAlias

from app.web.networks.layering import Layering

Xs: TypeAlias = dict[int, float]
Rows: TypeAlias = Sequence[Sequence[int]]


def placed(graph: Layering, widths: Sequence[float]) -> list[float]:
    """The middle of each vertex; the leftmost edge lies at 0.

    ``widths`` are those of all vertices, with the room that each needs beside it.
    """
    bent = _conflicts(graph) | _side_lines(graph)
    found = []
    for is_upwards in (False, True):
        for is_mirrored in (False, True):
            rows = graph.rows[::-1] if is_upwards else graph.rows
            rows = [row[::-1] for row in rows] if is_mirrored else rows
            near = graph.below if is_upwards else graph.above
            xs = _packed(rows, _columns(rows, near, bent), widths)
            found.append({it: -x for it, x in xs.items()} if is_mirrored else xs)
    return _middle(found, widths)


def _conflicts(graph: Layering) -> set[frozenset[int]]:
    """The lines that cross stronger ones, and give way.

    Lines between nodes are the strongest, then those within lanes.
    """
    found: set[frozenset[int]] = set()
    for upper, lower in pairwise(graph.rows):
        place = {vertex: at for at, vertex in enumerate(upper)}
        lines: list[set[tuple[int, int]]] = [set(), set(), set()]
        for at, vertex in enumerate(lower):
            for end in graph.above[vertex]:
                lines[_strength(graph, end, vertex)].add((place[end], at))
        for strength, weaker in enumerate(lines):
            stronger = [line for its in lines[strength + 1 :] for line in its]
            found |= {
                frozenset((upper[end], lower[at]))
                for end, at in weaker
                if any((end - other) * (at - its) < 0 for other, its in stronger)
            }
    return found


def _strength(graph: Layering, end: int, vertex: int) -> int:
    """2 for a line between nodes, 1 for one within a lane, 0 where a lane begins or ends."""
    if graph.is_point(end) != graph.is_point(vertex):
        return 0
    return 1 if graph.is_point(end) else 2


def _side_lines(graph: Layering) -> set[frozenset[int]]:
    """The lines that leave a chain of nodes to skip some of them, and those that come back.

    They give way, too, so that the chain is straight.
    """
    skips = _skips(graph)
    found = {
        frozenset((source, point))
        for point in skips
        for source in graph.above[point]
        if source not in skips
    }
    for node in range(graph.nodes):
        sides = skips.intersection(graph.above[node])
        if len(sides) < len(graph.above[node]):
            found |= {frozenset((point, node)) for point in sides}
    return found


def _skips(graph: Layering) -> set[int]:
    """The points of lanes that begin at nodes which are read in the next row, too."""
    found: set[int] = set()
    for point in range(graph.nodes, len(graph.above)):  # those above come first
        (source,) = graph.above[point]
        is_skip = any(not graph.is_point(it) for it in graph.below[source])
        if source in found or (not graph.is_point(source) and is_skip):
            found.add(point)
    return found


def _columns(
    rows: Rows, near: Sequence[Sequence[int]], bent: Set[frozenset[int]]
) -> Mapping[int, int]:
    """The column of each vertex, named by its first vertex: it follows its median neighbour."""
    column = {vertex: vertex for row in rows for vertex in row}
    place: dict[int, int] = {}
    for row in rows:
        last = -1
        for vertex in row:
            ends = [it for it in near[vertex] if frozenset((it, vertex)) not in bent]
            ends.sort(key=place.__getitem__)
            for end in ends[(len(ends) - 1) // 2 : len(ends) // 2 + 1]:
                if place[end] > last:
                    column[vertex] = column[end]
                    last = place[end]
                    break
        place = {vertex: at for at, vertex in enumerate(row)}
    return column


def _packed(rows: Rows, column: Mapping[int, int], widths: Sequence[float]) -> Xs:
    """Stand columns side by side: as far to the left as they go, then towards their right."""
    behind: dict[int, dict[int, float]] = {it: {} for it in column.values()}
    waiting = dict.fromkeys(behind, 0)
    for row in rows:
        for left, right in pairwise(row):
            distance = (widths[left] + widths[right]) / 2
            one, other = column[left], column[right]
            waiting[other] += other not in behind[one]
            behind[one][other] = max(distance, behind[one].get(other, 0.0))
    order = [it for it, number in waiting.items() if number == 0]
    xs = dict.fromkeys(order, 0.0)
    for one in order:  # grows while it is read
        for other, distance in behind[one].items():
            xs[other] = max(xs.get(other, 0.0), xs[one] + distance)
            waiting[other] -= 1
            if waiting[other] == 0:
                order.append(other)
    for one in reversed(order):
        room = [xs[other] - distance for other, distance in behind[one].items()]
        xs[one] = max(xs[one], min(room, default=xs[one]))
    return {vertex: xs[its] for vertex, its in column.items()}


def _middle(found: Sequence[Xs], widths: Sequence[float]) -> list[float]:
    """The mean of the middle two of four places, after all are moved over the narrowest."""
    spans = [_span(xs, widths) for xs in found]
    low, high = min(spans, key=lambda span: span[1] - span[0])
    moves = [
        high - span[1] if is_mirrored else low - span[0]
        for span, is_mirrored in zip(spans, (False, True) * 2, strict=True)
    ]
    middle = []
    for vertex in range(len(widths)):
        _, one, other, _ = sorted(xs[vertex] + by for xs, by in zip(found, moves, strict=True))
        middle.append((one + other) / 2)
    left, _ = _span(dict(enumerate(middle)), widths)
    return [x - left for x in middle]


def _span(xs: Xs, widths: Sequence[float]) -> tuple[float, float]:
    """The leftmost and the rightmost edge."""
    return (
        min(x - widths[vertex] / 2 for vertex, x in xs.items()),
        max(x + widths[vertex] / 2 for vertex, x in xs.items()),
    )
