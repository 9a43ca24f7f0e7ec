from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.engines.whole.quadratic import Ints
from solver.engines.whole.systems import expected, index, is_solvable, shortest

PAIR = np.array([[2, 4, 6], [3, 0, 9]], np.int64)


@given(
    st.lists(
        st.tuples(st.integers(-60, 60), st.integers(-60, 60), st.integers(-4, 4)),
        min_size=1,
        max_size=5,
    )
)
def test_a_system_with_a_whole_solution_passes(columns: list[tuple[int, int, int]]) -> None:
    table = np.array(columns, np.int64)
    matrix, solution = table[:, :2].T, table[:, 2]
    assert is_solvable(matrix[None], (matrix @ solution)[None]).all()
    assert is_solvable(matrix[None, :1], (matrix[:1] @ solution)[None]).all()


def test_a_system_without_a_whole_solution_fails() -> None:
    matrix = np.array([PAIR] * 2)
    assert is_solvable(matrix, np.array([[2, 3], [3, 3]])).tolist() == [True, False]
    assert is_solvable(matrix, np.array([[2, 1], [0, 3]])).tolist() == [False, False]


def test_the_index_is_the_inverse_of_the_share_of_right_sides_that_have_solutions() -> None:
    sides = np.array([*product(range(12), repeat=2)])
    passes = is_solvable(np.repeat(PAIR[None], len(sides), axis=0), sides)
    assert index(PAIR[None])[0] == len(sides) / passes.sum()
    assert index(PAIR[None, 1:])[0] == 3


@pytest.mark.parametrize("equations", [1, 2])
@pytest.mark.parametrize("solution", [(6, 6, 6, 6, 6), (0, 1, 2, 0, 1), (12, 12, 11, 3, 12)])
def test_the_expected_number_of_solutions_is_about_the_true_one(
    equations: int, solution: tuple[int, ...]
) -> None:
    matrix = np.array([[2, 4, 6, 3, 7], [3, 1, 9, 2, 4]], np.int64)[:equations]
    low, high = np.zeros((1, 5), np.int64), np.full((1, 5), 12)
    gaps = matrix @ np.array(solution)
    true = _solutions(matrix, gaps, high[0])
    assert abs(expected(matrix[None], gaps[None], low, high)[0] - np.log(true)) < 1


def _solutions(matrix: Ints, gaps: Ints, high: Ints) -> int:
    """How many there are from 0 to ``high``, by trying all."""
    points = np.array([*product(*(range(it + 1) for it in high))])
    return int((points @ matrix.T == gaps).all(axis=1).sum())


def test_the_shortest_solution_solves_and_no_other_is_shorter() -> None:
    gaps, scale = np.array([[10, 21]]), np.array([[1.0, 2.0, 4.0]])
    found = shortest(PAIR[None], gaps, scale)
    other = found + 0.1 * np.cross(PAIR[0], PAIR[1])
    for solution in (found, other):
        assert (PAIR @ solution[0]) == pytest.approx(gaps[0])
    assert np.linalg.norm(found / scale) < np.linalg.norm(other / scale)
