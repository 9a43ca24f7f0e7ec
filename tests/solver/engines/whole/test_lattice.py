from math import gcd

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from solver.engines.whole.lattice import kernel, nearest, reduced
from solver.engines.whole.quadratic import Floats, Ints

values = st.lists(st.integers(-(10**9), 10**9), min_size=2, max_size=8)


def identity(size: int) -> Ints:
    return np.eye(size, dtype=np.int64)


def determinant(basis: Ints) -> int:
    """Of the Gram matrix, by fraction-free elimination with whole numbers."""
    rows = [[int(it) for it in row] for row in basis.astype(object) @ basis.astype(object).T]
    sign, last = 1, 1
    for k in range(len(rows) - 1):
        if not rows[k][k]:
            swap = next((i for i in range(k + 1, len(rows)) if rows[i][k]), None)
            if swap is None:
                return 0
            rows[k], rows[swap], sign = rows[swap], rows[k], -sign
        for i in range(k + 1, len(rows)):
            for j in range(k + 1, len(rows)):
                rows[i][j] = (rows[i][j] * rows[k][k] - rows[i][k] * rows[k][j]) // last
        last = rows[k][k]
    return sign * rows[-1][-1]


@given(values)
def test_a_kernel_is_where_the_function_is_zero_and_its_unit_gives_the_divisor(
    drawn: list[int],
) -> None:
    found = kernel(identity(len(drawn)), drawn)
    column = np.array(drawn, object)
    assert not (found.basis.astype(object) @ column).any()
    assert found.divisor == gcd(*drawn)
    if found.divisor:
        assert int(found.unit.astype(object) @ column) == found.divisor
        assert len(found.basis) == len(drawn) - 1


@given(values)
def test_a_kernel_and_its_unit_span_the_whole_lattice(drawn: list[int]) -> None:
    found = kernel(identity(len(drawn)), drawn)
    rows = np.vstack([found.basis, found.unit]) if found.divisor else found.basis
    assert determinant(rows) == 1


@given(values, st.data())
def test_reduction_keeps_the_lattice_and_no_row_is_much_shorter_than_the_one_before(
    drawn: list[int], data: st.DataObject
) -> None:
    size = len(drawn)
    scale = np.array(data.draw(st.lists(st.integers(1, 999), min_size=size, max_size=size)), float)
    before = reduced(kernel(identity(size), drawn).basis, np.ones(size))
    after = reduced(before, scale)
    assert determinant(after) == determinant(before)
    assert not (after.astype(object) @ np.array(drawn, object)).any()
    lengths = _orthogonal_lengths(after / scale)
    assert (lengths[1:] ** 2 >= (0.99 - 0.2501) * lengths[:-1] ** 2 - 1e-9).all()


def _orthogonal_lengths(vectors: Floats) -> Floats:
    return np.abs(np.diag(np.linalg.qr(vectors.T)[1]))


@given(values, st.integers(0, 2**32))
def test_nearest_points_differ_from_the_start_by_the_lattice_and_are_near(
    drawn: list[int], seed: int
) -> None:
    random, scale = np.random.default_rng(seed), np.ones(len(drawn))
    basis = reduced(kernel(identity(len(drawn)), drawn).basis, scale)
    start = np.array([10**15 + 7 * place for place in range(len(drawn))], object)
    times = random.integers(-50, 50, (5, len(basis)))
    inside = start + times.astype(object) @ basis.astype(object)
    targets = inside.astype(float)
    points = nearest(basis, start, targets, scale)
    column = np.array(drawn, object)
    assert ((points.astype(object) - start) @ column == 0).all()
    reach = np.sqrt((_orthogonal_lengths(basis / scale) ** 2).sum()) / 2
    assert (np.linalg.norm(points - targets, axis=1) <= reach + 5).all()
