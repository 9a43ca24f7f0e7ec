from collections import Counter
from itertools import combinations, pairwise

import pytest
from hypothesis import given

from app.web.networks.layering import (
    Layering,
    Reads,
    crossings,
    layered,
    rows_of,
    size_of,
)
from tests.app.web.networks.graphs import dense, graphs


def sources(graph: Layering, node: int) -> list[int]:
    """The nodes at the upper ends of the lanes that lead to a node."""
    found = []
    for vertex in graph.above[node]:
        end = vertex
        while graph.is_point(end):
            (end,) = graph.above[end]
        found.append(end)
    return sorted(found)


@given(graphs())
def test_every_vertex_stands_in_one_row_and_nothing_is_lost(reads: Reads) -> None:
    graph = layered(reads)

    stands = Counter(vertex for row in graph.rows for vertex in row)
    assert stands == Counter(range(len(graph.above)))
    assert size_of(reads) == len(graph.above)


@given(graphs())
def test_every_line_leads_one_row_down(reads: Reads) -> None:
    graph = layered(reads)

    row_of = {vertex: at for at, row in enumerate(graph.rows) for vertex in row}
    for vertex, above in enumerate(graph.above):
        assert all(row_of[it] == row_of[vertex] - 1 for it in above)
        assert all(vertex in graph.below[it] for it in above)
    assert [row_of[node] for node in range(len(reads))] == rows_of(reads)


@given(graphs())
def test_each_node_is_joined_to_what_it_reads(reads: Reads) -> None:
    graph = layered(reads)

    assert [sources(graph, node) for node in range(len(reads))] == list(map(list, reads))


def test_all_readers_of_a_node_share_its_lane() -> None:
    graph = layered(dense(6))

    lanes = Counter(sources(graph, vertex)[0] for vertex in range(6, len(graph.above)))
    assert lanes == {0: 4, 1: 3, 2: 2, 3: 1}


@given(graphs())
def test_crossings_are_pairs_of_lines_in_opposite_order(reads: Reads) -> None:
    graph = layered(reads)

    number = 0
    for upper, lower in pairwise(graph.rows):
        lines = [(upper.index(it), at) for at, low in enumerate(lower) for it in graph.above[low]]
        number += sum((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(lines, 2))
    assert crossings(graph) == number


@pytest.mark.parametrize(
    "reads",
    [
        [[], [0], [1], [2], [1, 3]],
        [[], [0], [0], [2], [0], [4], [1, 3, 5]],
        [[], [0], [0], [1], [2], [3], [4], [5, 6]],
    ],
    ids=["a residual block", "an inception block", "two branches"],
)
def test_what_can_be_drawn_without_crossings_is(reads: Reads) -> None:
    assert crossings(layered(reads)) == 0
