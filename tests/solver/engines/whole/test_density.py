from itertools import product

import numpy as np
import pytest

from solver.engines.whole.density import tilted
from solver.engines.whole.quadratic import Floats, Ints

PAIR = np.array([[1, 2, -1, 1, 2, 1, -1, 1], [1, -1, 1, 2, 1, -1, 1, 2]])


def points(sizes: Ints) -> Floats:
    """All points of numbers with these sizes around 0."""
    spans = [np.arange(size) - (size - 1) / 2 for size in sizes]
    return np.array([*product(*spans)])


@pytest.mark.parametrize("goal", [0, 3, 6, 8])
def test_the_number_of_points_with_a_sum_is_about_the_true_one(goal: int) -> None:
    sizes = np.array([3, 5, 7, 7])
    true = (points(sizes).sum(axis=1) == goal).sum()
    found = tilted(np.ones((1, 1, 4)), sizes, np.array([[goal]]))
    assert found.entropy[0] + found.probability(1)[0] == pytest.approx(np.log(true), abs=0.3)


def test_the_numbers_of_reachable_goals_of_two_sums_add_up_to_all_points() -> None:
    sizes = np.full(8, 3)
    goals = np.unique(points(sizes) @ PAIR.T, axis=0)
    found = tilted(np.repeat(PAIR[None], len(goals), axis=0), sizes, goals)
    assert np.exp(found.entropy + found.probability(1)).sum() == pytest.approx(3**8, rel=0.2)


def test_the_mean_of_the_sums_is_the_goal_and_other_moments_are_those_of_the_tilts() -> None:
    sizes, goal = np.array([1, 2, 3, 4, 5, 6, 7, 8]), np.array([9.0, -4.0])
    found = tilted(PAIR[None], sizes, goal[None])
    assert PAIR @ found.mean[0] == pytest.approx(goal, abs=1e-4)
    for place, size in enumerate(sizes):
        values = np.arange(size) - (size - 1) / 2
        chances = np.exp(found.tilts[0, place] * values)
        chances /= chances.sum()
        mean = chances @ values
        assert found.mean[0, place] == pytest.approx(mean, abs=1e-6)
        assert found.variance[0, place] == pytest.approx(chances @ (values - mean) ** 2, abs=1e-6)


def test_goals_out_of_reach_have_almost_no_points() -> None:
    found = tilted(np.ones((2, 1, 4)), np.full(4, 3), np.array([[4.5], [-9.0]]))
    assert (found.entropy < -50).all()


def test_larger_units_make_the_density_smaller_by_their_size() -> None:
    matrix, goal = np.array([[[1.0, 2.0, 3.0], [3.0, -1.0, 2.0]]]), np.array([[1.0, 0.5]])
    by_units = tilted(matrix * 1000, np.full(3, 3), goal * 1000).density
    assert by_units == pytest.approx(tilted(matrix, np.full(3, 3), goal).density - 2 * np.log(1000))
