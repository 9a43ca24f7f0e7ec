import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.web.found.cells import APART, CELLS, Points, grouped


def points(number: int, seed: int = 0) -> Points:
    drawn = np.random.default_rng(seed)
    x, y, colour = drawn.uniform(1, 1e6, (3, number))
    return Points(x, y, colour, np.ones(number, np.int64), np.arange(number))


def test_few_points_are_left_as_they_are() -> None:
    few = points(APART)

    assert grouped(few, ["linear", "linear"]) is few


@given(st.integers(APART + 1, 20_000), st.integers(0, 9), st.sampled_from(["linear", "log"]))
def test_no_point_is_lost_and_few_are_drawn(number: int, seed: int, scale: str) -> None:
    found = grouped(points(number, seed), [scale, scale])  # type: ignore[list-item]

    assert found.counts.sum() == number
    assert len(found.x) <= CELLS[0] * CELLS[1]
    assert found.positions is None


def test_marks_stand_at_the_mean_of_what_they_stand_for() -> None:
    many = points(5_000)

    found = grouped(many, ["linear", "linear"])

    for means, values in ((found.x, many.x), (found.y, many.y), (found.colour, many.colour)):
        assert means is not None
        assert values is not None
        np.testing.assert_allclose(np.average(means, weights=found.counts), values.mean())


def test_equal_points_stay_where_they_are() -> None:
    x = np.repeat([6, 7, 8], 1000)
    many = Points(x, np.full(3000, 4124), None, np.ones(3000, np.int64), np.arange(3000))

    found = grouped(many, ["linear", "log"])

    assert found.x.tolist() == [6, 7, 8]
    assert found.y.tolist() == [4124, 4124, 4124]
    assert found.counts.tolist() == [1000, 1000, 1000]


def test_a_cell_has_the_mean_of_its_known_colours_and_none_without_any() -> None:
    x = np.repeat([1, 2], 300)
    colour = np.full(600, np.nan)
    colour[:2] = 0.5, 0.7
    many = Points(x, x, colour, np.ones(600, np.int64), np.arange(600))

    found = grouped(many, ["linear", "linear"])

    assert found.colour is not None
    np.testing.assert_allclose(found.colour, [0.6, np.nan])
