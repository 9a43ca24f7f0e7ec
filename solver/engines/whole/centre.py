"""Real-valued widths that meet the budgets: near the original, or in the middle of a box."""

from collections.abc import Iterator
from itertools import cycle
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Floats

DAMPING: Final = 0.5
DAMPED: Final = 4
"""How many steps are damped: later ones are near."""
STEPS: Final = 100
PRECISION: Final = 1e-7
"""Relative gap of the counts at which steps end: roundings open wider ones."""
CLOSE: Final = 1e-4
"""Largest relative gap of a point that counts as a centre."""
OUTSIDE: Final = 2.0
"""How far box centres may be from the middle on their way; a side is at 1."""
ROOM: Final = 0.3
"""By how much of a step a box is widened: its sides then have an inside, even of one width."""


class BoxCentre(NamedTuple):
    """The widths with the largest slack in a box.

    Attributes
    ----------
    widths
        Real numbers, shape ``(n,)``.
    reach
        How far the farthest group is from its side's middle: 0 is the middle, above 1 is outside.
    """

    widths: Floats
    reach: float


def centre(problem: WholeProblem) -> Floats | None:
    """Widths with the least sum of squared log ratios that meet the budgets.

    A damped Gauss-Newton method in log ratios; groups that would leave the box stay at its side.

    Returns
    -------
    Floats or None
        Real numbers, shape ``(n,)``; ``None`` where none were found in the box.
    """
    low, high = _log_box(problem, 0.49)
    ratios = np.zeros(len(low)).clip(low, high)
    for step in range(STEPS):
        gaps, slopes = _linear(problem, ratios)
        if np.abs(gaps).max(initial=0.0) < PRECISION:
            break
        damping = DAMPING if step < DAMPED else 1.0
        found = _least_in_box(slopes, damping * gaps + slopes @ ratios, low, high)
        if found is None:
            return None
        ratios = found
    gaps, _ = _linear(problem, ratios)
    return problem.original * np.exp(ratios) if np.abs(gaps).max(initial=0.0) < CLOSE else None


def box_centre(problem: WholeProblem) -> BoxCentre | None:
    """Find the widths that meet the budgets with the largest relative slack to the box's sides.

    Each step solves the linearised problem "least ``max |y|`` subject to ``A y = b``" exactly,
    through its dual, which has one unknown for each budget.

    Returns
    -------
    BoxCentre or None
        ``None`` if the steps do not come to rest, or if the budgets change in the same way with
        all widths, so that no step meets both.
    """
    low, high = _log_box(problem, ROOM)
    middle, half = (low + high) / 2, (high - low) / 2
    place: Floats = np.zeros(len(low))
    stride = 1.0
    for _ in range(STEPS):
        gaps, slopes = _linear(problem, middle + half * place)
        scaled = slopes * half
        if _is_dependent(scaled):
            return None
        goal = least_largest(scaled, gaps + scaled @ place).clip(-OUTSIDE, OUTSIDE)
        if np.abs(gaps).max(initial=0.0) < 1e-9 and np.abs(goal - place).max() < 1e-4:
            break
        place = place + stride * (goal - place)
        stride = max(stride * 0.9, 0.1)
    if np.abs(gaps).max(initial=0.0) > CLOSE:
        return None
    ratios: Floats = np.exp(middle + half * place)
    widths: Floats = ratios * problem.original.astype(float)
    return BoxCentre(widths, float(np.abs(place).max()))


def centres(problem: WholeProblem) -> Iterator[Floats]:
    """Yield the centre near the original and that of the box, in turn, as far as they exist."""
    if (near := centre(problem)) is not None:
        yield near
    amid = box_centre(problem)
    yield from cycle(it for it in (None if amid is None else amid.widths, near) if it is not None)


def least_largest(matrix: Floats, goal: Floats) -> Floats:
    """The ``y`` with the least ``max |y|`` such that ``matrix @ y == goal``.

    Parameters
    ----------
    matrix
        Up to two rows, shape ``(m, n)``, linearly independent.
    goal
        Shape ``(m,)``.

    Notes
    -----
    The dual maximises ``goal · λ / sum |λ · column|``. In the plane its maximum is at a ``λ`` that
    is orthogonal to a column; ``y`` then is at its largest, with the sign of ``λ · column``, except
    for the columns parallel to that one, which make up the rest.
    """
    if not len(matrix):
        return np.zeros(matrix.shape[1])
    if len(matrix) == 1:
        only: Floats = np.sign(matrix[0]) * goal[0] / np.abs(matrix[0]).sum()
        return only
    normals = np.stack([-matrix[1], matrix[0]], axis=1)
    products = normals @ matrix
    lengths = np.abs(products).sum(axis=1)
    values = np.abs(normals @ goal) / np.where(lengths > 0, lengths, np.inf)
    best = int(values.argmax())
    sign = np.sign(normals[best] @ goal)
    products = products[best]
    is_parallel = np.abs(products) <= 1e-9 * np.abs(products).max()
    found = np.where(is_parallel, 0, np.sign(products) * sign * values[best])
    column = matrix[:, best]
    shares = column @ matrix[:, is_parallel] / (column @ column)
    rest = column @ (goal - matrix @ found) / (column @ column)
    found[is_parallel] = np.sign(shares) * rest / np.abs(shares).sum()
    return found


def _log_box(problem: WholeProblem, room: float) -> tuple[Floats, Floats]:
    """The box in log ratios, wider by ``room`` steps."""
    unit = problem.steps / problem.original
    low, high = problem.low - room, problem.high + room
    return np.log(low.clip(0.5) * unit), np.log(high * unit)


def _linear(problem: WholeProblem, ratios: Floats) -> tuple[Floats, Floats]:
    """Log of target by count of each budget, and the derivative of log counts by log ratios.

    A budget inside its band binds nothing and has no row.
    """
    widths = problem.original * np.exp(ratios)
    gaps, slopes = [], []
    for budget in problem.budgets:
        count = budget.count(widths)
        if not budget.is_exact and budget.band.low <= count <= budget.band.high:
            continue
        gaps.append(np.log(np.clip(count, *budget.band) / count))
        slopes.append(budget.count.gradient(widths) * widths / count)
    return np.array(gaps), np.array(slopes).reshape(len(gaps), len(widths))


def _least_in_box(matrix: Floats, goal: Floats, low: Floats, high: Floats) -> Floats | None:
    """The shortest ``x`` in the box with ``matrix @ x == goal``, by fixing what would leave it."""
    found = np.zeros(len(low)).clip(low, high)
    is_free: NDArray[np.bool_] = np.ones(len(low), bool)
    while is_free.sum() >= len(goal):
        rows = matrix[:, is_free]
        if _is_dependent(rows):
            return None
        rest = goal - matrix[:, ~is_free] @ found[~is_free]
        gram = rows @ rows.T
        gram += 1e-14 * np.trace(gram) * np.eye(len(goal))
        shortest = found.copy()
        shortest[is_free] = rows.T @ np.linalg.solve(gram, rest)
        is_out = (shortest < low - 1e-12) | (shortest > high + 1e-12)
        found = shortest.clip(low, high)
        if not is_out.any():
            return found
        is_free &= ~is_out
    return None


def _is_dependent(rows: Floats) -> bool:
    """Whether one row is a multiple of another, or zero."""
    return bool(len(rows) and np.linalg.matrix_rank(rows) < len(rows))
