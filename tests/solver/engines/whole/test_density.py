import numpy as np
import pytest

from solver.engines.whole.density import log_density


def test_the_density_of_a_sum_of_three_is_about_the_exact_one() -> None:
    """The sum of three numbers between -1 and 1 has a density of parabolas."""
    goals = np.array([[0.0], [0.5], [1.5], [2.5]])
    exact = [0.375, (3 - 0.25) / 8, 1.5**2 / 16, 0.5**2 / 16]
    found = log_density(np.ones((4, 1, 3)), goals)
    assert found == pytest.approx(np.log(exact), abs=0.15)


def test_the_density_of_two_sums_adds_up_to_one() -> None:
    matrix = np.array([[1, 2, -1, 1, 2, 1, -1, 1], [1, -1, 1, 2, 1, -1, 1, 2]], float)
    side = np.arange(-11, 11, 0.5)
    goals = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    found = log_density(np.repeat(matrix[None], len(goals), axis=0), goals)
    assert np.exp(found).sum() * 0.5**2 == pytest.approx(1, abs=0.15)


def test_goals_out_of_reach_have_almost_no_density() -> None:
    assert (log_density(np.ones((2, 1, 4)), np.array([[4.5], [-9.0]])) < -50).all()


def test_larger_units_make_the_density_smaller_by_their_size() -> None:
    matrix, goal = np.array([[[1.0, 2.0, 3.0], [3.0, -1.0, 2.0]]]), np.array([[1.0, 0.5]])
    by_units = log_density(matrix * 1000, goal * 1000)
    assert by_units == pytest.approx(log_density(matrix, goal) - 2 * np.log(1000))
