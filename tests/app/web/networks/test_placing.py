from itertools import pairwise

import pytest
from hypothesis import given

from app.web.networks.layering import Layering, Reads, layered
from app.web.networks.placing import placed
from tests.app.web.networks.graphs import dense, graphs


def widths_of(graph: Layering) -> list[float]:
    return [100.0 if vertex < graph.nodes else 10.0 for vertex in range(len(graph.above))]


def assert_apart(graph: Layering, xs: list[float]) -> None:
    widths = widths_of(graph)
    for row in graph.rows:
        for left, right in pairwise(row):
            assert xs[right] - xs[left] >= (widths[left] + widths[right]) / 2 - 1e-6


@given(graphs())
def test_nothing_overlaps_and_the_left_edge_is_at_0(reads: Reads) -> None:
    graph = layered(reads)

    xs = placed(graph, widths_of(graph))

    assert_apart(graph, xs)
    edges = (x - width / 2 for x, width in zip(xs, widths_of(graph), strict=True))
    assert min(edges) == pytest.approx(0)


def test_a_chain_is_straight() -> None:
    graph = layered([[], [0], [1], [2], [3]])

    assert set(placed(graph, widths_of(graph))) == {50.0}


def test_a_chain_with_skips_is_straight_and_so_are_the_lanes_beside_it() -> None:
    reads = [[], [0], [1], [2], [1, 3], [4], [5], [4, 6]]
    graph = layered(reads)

    xs = placed(graph, widths_of(graph))

    assert len({round(xs[node], 6) for node in range(len(reads))}) == 1
    for lane in ((8, 9), (10, 11)):
        assert xs[lane[0]] == pytest.approx(xs[lane[1]])


def test_a_chain_stays_straight_where_what_skips_it_has_to_cross_it() -> None:
    reads = [[], [0], *([node - 1, max(0, node - 3)] for node in range(2, 40))]
    graph = layered(reads)

    xs = placed(graph, widths_of(graph))

    assert len({round(x, 6) for x in xs[: len(reads)]}) == 1


def test_branches_of_one_length_stand_beside_each_other() -> None:
    graph = layered([[], [0], [0], [1], [2], [3, 4]])

    xs = placed(graph, widths_of(graph))

    assert (xs[1], xs[2]) == pytest.approx((xs[3], xs[4]))
    assert xs[0] == pytest.approx((xs[1] + xs[2]) / 2)
    assert xs[5] == pytest.approx(xs[0])


def test_many_crossing_lanes_stay_apart() -> None:
    graph = layered(dense(20))

    assert_apart(graph, placed(graph, widths_of(graph)))
