"""One or two linear equations in whole numbers, many systems at once.

Each system is ``matrix @ x == gaps``. Arrays have the shapes ``(rows, m, k)`` and ``(rows, m)`` for
``m`` equations in ``k`` unknowns.
"""

from typing import Final, NamedTuple

import numpy as np

from solver.engines.whole.density import Tilted, tilted
from solver.engines.whole.quadratic import Flags, Floats, Ints

MODULI: Final = (2**20 * 3**6, 5**4 * 7**3 * 11**2 * 13)
"""Pairs of equations are tested modulo these: products of two fit 64 bits."""


class _Triangle(NamedTuple):
    """What the columns of two equations span: ``(top, side)`` and ``(0, bottom)``, for each row.

    ``bottom`` and ``side`` are modulo a modulus.
    """

    top: Ints
    side: Ints
    bottom: Ints


def is_solvable(matrix: Ints, gaps: Ints) -> Flags:
    """Whether systems may have whole solutions: they have, modulo :data:`MODULI`."""
    if matrix.shape[1] == 1:
        divisor = np.gcd.reduce(matrix[:, 0], axis=1)
        found: Flags = np.where(divisor, gaps[:, 0] % np.maximum(divisor, 1), gaps[:, 0]) == 0
        return found
    found = np.ones(len(matrix), bool)
    for modulus in MODULI:
        found[found] = _is_in(_triangle(matrix[found], modulus), gaps[found])
    return found


def index(matrix: Ints) -> Ints:
    """One of how many right sides has a whole solution, as far as :data:`MODULI` tell."""
    if matrix.shape[1] == 1:
        divisor: Ints = np.gcd.reduce(matrix[:, 0], axis=1)
        return divisor
    triangles = [_triangle(matrix, modulus) for modulus in MODULI]
    bottoms: Ints = np.prod([it.bottom for it in triangles], axis=0)
    return np.abs(triangles[0].top) * bottoms


def expected(matrix: Ints, gaps: Ints, low: Ints, high: Ints) -> Floats:
    """Natural logarithms of the expected numbers of solutions in boxes, of solvable systems."""
    found = tilted_in(matrix, gaps, low, high)
    return found.entropy + found.probability(index(matrix))


def tilted_in(matrix: Ints, gaps: Ints, low: Ints, high: Ints) -> Tilted:
    """Whole numbers around the middles of boxes, tilted to solve systems on average.

    A box, shape ``(rows, k)``, is inclusive. Solvable right sides share the probability of those
    that are not; :func:`index` says how many these are.
    """
    middles = (low + high) / 2
    return tilted(matrix, high - low + 1, gaps - (matrix @ middles[:, :, None])[:, :, 0])


def shortest(matrix: Ints, gaps: Ints, scale: Floats) -> Floats:
    """The real solutions of least length relative to ``scale``, shape ``(rows, k)``."""
    scaled = matrix * scale[:, None]
    largest = np.abs(scaled).max(axis=2).clip(1)
    scaled /= largest[:, :, None]
    gram = scaled @ scaled.transpose(0, 2, 1) + 1e-12 * np.eye(matrix.shape[1])
    weights = np.linalg.solve(gram, (gaps / largest)[:, :, None])
    found: Floats = (scaled.transpose(0, 2, 1) @ weights)[:, :, 0] * scale
    return found


def _triangle(matrix: Ints, modulus: int) -> _Triangle:
    """Euclid's algorithm on the columns, the second equation modulo ``modulus``."""
    top, side = np.zeros(len(matrix), np.int64), np.zeros(len(matrix), np.int64)
    bottom = np.full(len(matrix), modulus)
    for column in range(matrix.shape[2]):
        other, below = matrix[:, 0, column].copy(), matrix[:, 1, column] % bottom
        while (goes_on := other != 0).any():
            times = np.where(goes_on, top // np.where(goes_on, other, 1), 0)
            rest, rest_below = top - times * other, (side - times % bottom * below) % bottom
            top, side = np.where(goes_on, other, top), np.where(goes_on, below, side)
            other, below = np.where(goes_on, rest, 0), np.where(goes_on, rest_below, below)
        bottom = np.gcd(bottom, below)
        side %= bottom
    return _Triangle(top, side, bottom)


def _is_in(triangle: _Triangle, gaps: Ints) -> Flags:
    """Whether triangles span the gaps, the second one modulo their modulus."""
    top, side, bottom = triangle
    whole = np.where(top != 0, top, 1)
    times, rest = np.divmod(gaps[:, 0], whole)
    rest = np.where(top != 0, rest, gaps[:, 0])
    times = np.where(top != 0, times, 0)
    found: Flags = ((gaps[:, 1] - times % bottom * side) % bottom == 0) & (rest == 0)
    return found
