import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.engines.whole.merged import Merged, MergedLattice, promises
from solver.engines.whole.quadratic import Ints
from solver.engines.whole.systems import tilted_in

TWINS = np.array([[2, 7, 2, 5, 7, 2], [3, 1, 3, 4, 1, 3]])
"""Three different columns: of the first there are three, of the second two, of the third one."""
GAPS = TWINS @ [1, 2, 0, 3, 1, 2]


def lattice(matrix: Ints, gaps: Ints) -> MergedLattice:
    size = matrix.shape[1]
    found = MergedLattice.of(matrix, gaps, np.full(size, 1.5), np.full(size, 1.25))
    assert found is not None
    return found


def test_unknowns_with_equal_coefficients_are_one() -> None:
    system = Merged(TWINS)
    assert system.matrix.tolist() == [[2, 5, 7], [3, 4, 1]]
    values = np.array([1, 2, 4, 8, 16, 32])
    assert system.sums(values).tolist() == [1 + 4 + 32, 8, 2 + 16]


@given(st.lists(st.integers(0, 9), min_size=6, max_size=6), st.data())
def test_shared_sums_are_kept_and_lie_in_the_room(sides: list[int], data: st.DataObject) -> None:
    system, room = Merged(TWINS), np.array(sides)
    drawn = data.draw(st.tuples(*(st.integers(0, int(it)) for it in system.sums(room))))
    shared = system.shared(np.array([drawn]), room)[0]
    assert system.sums(shared).tolist() == list(drawn)
    assert ((shared >= 0) & (shared <= room)).all()


def test_points_solve_the_system_and_lie_in_the_room() -> None:
    room = np.full(6, 3)
    points = lattice(TWINS, GAPS).points(room, np.random.default_rng(0))
    assert len(points)
    assert (points @ TWINS.T == GAPS).all()
    assert ((points >= 0) & (points <= room)).all()


def test_a_system_without_whole_solutions_has_no_lattice() -> None:
    even = np.array([[2, 4, 6], [1, 0, 3]])
    assert MergedLattice.of(even, np.array([3, 1]), np.ones(3), np.ones(3)) is None


def test_a_chance_is_lower_where_planes_lie_farther_apart() -> None:
    near = lattice(TWINS, GAPS).chance
    far = lattice(TWINS * [[101], [1]] + [[1], [0]] * TWINS[1], GAPS * [101, 1] + [GAPS[1], 0])
    assert 0 < near <= 1
    assert far.chance == pytest.approx(near)
    sparse = np.array([[1, 97, 1, 31, 97, 1], [89, 1, 89, 53, 1, 89]])
    assert lattice(sparse, sparse @ np.ones(6, np.int64)).chance < near


def test_equal_coefficients_promise_less_than_different_ones() -> None:
    equal, different = np.array([[4, 4, 4, 4, 4, 5]]), np.array([[1, 2, 3, 4, 6, 5]])
    matrix = np.stack([equal, different])
    gaps, low, high = matrix.sum(axis=2), np.zeros((1, 6), np.int64), np.full((1, 6), 3)
    first, second = promises(matrix, tilted_in(matrix, gaps, low, high))
    assert first < second
