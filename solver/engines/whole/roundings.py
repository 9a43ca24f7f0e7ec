"""Independent groups, and roundings of the others that leave a solvable linear system.

No two groups of an independent set are multiplied, and none with itself: once the others have
widths, the counts are linear in it.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from solver.engines.whole.equations import Equations
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Flags, Floats, Ints

LARGEST: Final = 24
"""Most groups in an independent set: more make lattices slower, not better."""
MODULI: Final = (2**20 * 3**6, 5**4 * 7**3 * 11**2 * 13)
"""Linear systems are tested for solutions modulo these: products of two fit 64 bits."""


class Rounding(NamedTuple):
    """Widths of all groups but the independent ones, and the linear system that these must solve.

    Attributes
    ----------
    steps
        A starting point for all groups, shape ``(n,)``.
    matrix
        Coefficients of the ``k`` independent groups in the ``m`` equations, shape ``(m, k)``.
    gaps
        What is missing at the starting point, shape ``(m,)``.
    middle
        The least change of the independent groups that solves the system in real numbers.
    """

    steps: Ints
    matrix: Ints
    gaps: Ints
    middle: Floats


def independent(
    problem: WholeProblem,
    random: np.random.Generator,
    noise: float,
    sums: Sequence[tuple[int, Ints]] = (),
) -> Ints:
    """A random independent set with much room and few neighbours, in order of places.

    Three times of four, some groups of the strongest sum are taken first: without them, few
    roundings satisfy its congruence.
    """
    neighbours = problem.neighbours
    room = np.log2((problem.high - problem.low + 1).clip(1))
    score = room / (1 + neighbours.sum(axis=1)) * np.exp(random.normal(0, noise, len(room)))
    first: list[int] = []
    if sums and random.random() < 0.75:
        first = random.permutation(sums[0][1])[: random.integers(2, 6)].tolist()
    is_taken, is_blocked = np.zeros(len(room), bool), np.diag(neighbours) | (room <= 0)
    for place in [*first, *np.argsort(-score).tolist()]:
        if not is_blocked[place]:
            is_taken[place] = True
            is_blocked |= neighbours[place]
            is_blocked[place] = True
    return _thinned(np.flatnonzero(is_taken), np.array(first, np.int64), room, random)


def _thinned(taken: Ints, kept: Ints, room: Floats, random: np.random.Generator) -> Ints:
    if len(taken) <= LARGEST:
        return taken
    first = np.intersect1d(taken, kept)
    rest = np.setdiff1d(taken, kept)
    chances = room[rest] / room[rest].sum()
    drawn = random.choice(rest, LARGEST - len(first), replace=False, p=chances)
    return np.sort(np.r_[first, drawn])


def rounded(
    problem: WholeProblem,
    centre: Floats,
    free: Ints,
    noise: float,
    rows: int,
    random: np.random.Generator,
) -> Ints:
    """Random roundings of a centre to whole numbers of steps in the box, without repetitions.

    Each width is rounded up or down, on average to itself; ``noise`` is a further relative
    spread. The independent groups ``free`` are rounded to the nearest.
    """
    exact = np.repeat((centre / problem.steps)[None], rows, axis=0)
    if noise:
        exact *= np.exp(random.normal(0, noise, exact.shape))
    below = np.floor(exact)
    steps = below + (random.random(exact.shape) < exact - below)
    steps[:, free] = np.rint(centre / problem.steps)[free]
    return np.unique(steps.astype(np.int64).clip(problem.low, problem.high), axis=0)


def solvable(
    problem: WholeProblem, equations: Equations, steps: Ints, free: Ints
) -> list[tuple[float, Rounding]]:
    """The roundings whose linear system has whole solutions, the one with most slack first.

    Returns
    -------
    list of (slack, rounding)
        Slack is the least relative distance of the real-valued solution to the box's sides;
        negative outside.
    """
    matrix, gaps = equations.slopes(steps)[:, :, free], equations.gaps(steps)
    passes = is_solvable(matrix, gaps)
    steps, matrix, gaps = steps[passes], matrix[passes], gaps[passes]
    if not len(steps):
        return []
    middle = _shortest(matrix, gaps, steps[:, free].astype(float))
    low, high = (problem.low - steps)[:, free], (problem.high - steps)[:, free]
    slack = (np.minimum(middle - low, high - middle) / np.maximum(high - low, 1)).min(axis=1)
    return [
        (float(slack[row]), Rounding(steps[row], matrix[row], gaps[row], middle[row]))
        for row in np.argsort(-slack, kind="stable").tolist()
    ]


def is_solvable(matrix: Ints, gaps: Ints) -> Flags:
    """Whether ``matrix @ x == gaps`` may have whole solutions: it has, modulo :data:`MODULI`.

    Takes many systems at once, shapes ``(rows, m, k)`` and ``(rows, m)`` with one or two
    equations.
    """
    if matrix.shape[1] == 1:
        divisor = np.gcd.reduce(matrix[:, 0], axis=1)
        found: Flags = np.where(divisor, gaps[:, 0] % np.maximum(divisor, 1), gaps[:, 0]) == 0
        return found
    found = np.ones(len(matrix), bool)
    for modulus in MODULI:
        found[found] = _is_solvable(matrix[found], gaps[found], modulus)
    return found


def _is_solvable(matrix: Ints, gaps: Ints, modulus: int) -> Flags:
    """Whether pairs of equations have whole solutions, the second one modulo ``modulus``.

    Euclid's algorithm makes the columns triangular: ``(top, side)`` and ``(0, bottom)``.
    """
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
    whole = np.where(top != 0, top, 1)
    times, rest = np.divmod(gaps[:, 0], whole)
    rest = np.where(top != 0, rest, gaps[:, 0])
    times = np.where(top != 0, times, 0)
    left: Flags = (gaps[:, 1] - times % bottom * side) % bottom == 0
    left &= rest == 0
    return left


def _shortest(matrix: Ints, gaps: Ints, scale: Floats) -> Floats:
    """The real solutions of least relative length, one for each row."""
    scaled = matrix * scale[:, None]
    largest = np.abs(scaled).max(axis=2).clip(1)
    scaled /= largest[:, :, None]
    gram = scaled @ scaled.transpose(0, 2, 1) + 1e-12 * np.eye(matrix.shape[1])
    weights = np.linalg.solve(gram, (gaps / largest)[:, :, None])
    found: Floats = (scaled.transpose(0, 2, 1) @ weights)[:, :, 0] * scale
    return found
