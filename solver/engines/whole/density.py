"""How many ways there are for sums of whole numbers to be at a goal, about."""

from math import log, pi
from typing import Final, NamedTuple

import numpy as np

from solver.engines.whole.quadratic import Floats, Ints

STEPS: Final = 16
"""Steps of Newton's method: a few in the middle, more at the edge of what can be reached."""
CLOSE: Final = 1e-6
"""Gap of the mean, relative to what can be reached, at which steps end."""
TINY: Final = 1e-12


class Tilted(NamedTuple):
    """Random whole numbers that have the mean of their sums at the goal, and no other preference.

    Arrays have a row for each system.

    Attributes
    ----------
    entropy
        Of the tilted numbers, shape ``(rows,)``: about the logarithm of how many points are as
        likely as typical ones. Far below 0 for goals that cannot be reached.
    density
        Natural logarithm of the sums' density at the goal, shape ``(rows,)``. Where all numbers are
        at a side there is none, and this is too large.
    tilts
        Logarithm of how much likelier each number plus one is than the number, shape ``(rows, k)``.
    mean, variance
        Of each number, shape ``(rows, k)``.
    """

    entropy: Floats
    density: Floats
    tilts: Floats
    mean: Floats
    variance: Floats

    def probability(self, index: Ints | int) -> Floats:
        """Natural logarithms of how likely the sums are to be exactly at the goal.

        ``index`` says that the sums reach one of how many goals.
        """
        found: Floats = np.minimum(self.density + np.log(np.maximum(index, 1)), 0.0)
        return found


def tilted(matrix: Ints | Floats, sizes: Ints, goals: Ints | Floats) -> Tilted:
    """Tilt whole numbers so that ``matrix @ x`` is at the goals on average.

    Each number has its size of values, one apart, around 0: for size 3 these are -1, 0 and 1, for
    size 2 they are -1/2 and 1/2.

    Parameters
    ----------
    matrix
        Many systems of ``m`` sums of ``k`` numbers, shape ``(rows, m, k)``.
    sizes
        Shape ``(k,)``, or ``(rows, k)``.
    goals
        Shape ``(rows, m)``.

    Notes
    -----
    Saddle-point approximation (Daniels 1954): the numbers are tilted until the mean is the goal,
    and their sums are about normal there. Of all distributions with this mean, the tilted one has
    the largest entropy. The exponent ``value − tilt · goal`` is least at the right tilt, so one
    that is not yet right only makes the number too large.
    """
    sizes = np.broadcast_to(sizes, (len(matrix), matrix.shape[2]))
    half = (sizes - 1) / 2
    reach = (np.abs(matrix) * half[:, None]).sum(axis=2).clip(TINY)
    shares, wanted = matrix / reach[:, :, None], goals / reach
    prices = np.zeros_like(wanted)
    for _ in range(STEPS):
        tilts = _dot(shares.transpose(0, 2, 1), prices)
        value, mean, variance = _moments(tilts, sizes)
        gap = _dot(shares, mean) - wanted
        spread = (shares * variance[:, None]) @ shares.transpose(0, 2, 1)
        spread += TINY * np.eye(matrix.shape[1])
        exponent = value.sum(axis=1) - (prices * wanted).sum(axis=1)
        if np.abs(gap).max(initial=0.0) < CLOSE:
            break
        step = np.linalg.solve(spread, gap[:, :, None])[:, :, 0]
        far = np.abs(_dot(shares.transpose(0, 2, 1), step) * half).max(axis=1)
        most = 2 + np.abs(tilts * half).max(axis=1)
        prices = prices - step * np.minimum(1, most / far.clip(TINY))[:, None]
    density = -0.5 * (np.linalg.slogdet(spread)[1] + matrix.shape[1] * log(2 * pi))
    density -= np.log(reach).sum(axis=1)
    entropy = exponent + np.log(sizes).sum(axis=1)
    return Tilted(entropy, density, tilts, mean, variance)


def _dot(matrices: Floats, vectors: Floats) -> Floats:
    """Each matrix times its vector."""
    found: Floats = (matrices @ vectors[:, :, None])[:, :, 0]
    return found


def _moments(tilts: Floats, sizes: Ints) -> tuple[Floats, Floats, Floats]:
    """Log of the mean of ``exp(tilt · x)`` for whole numbers ``x``, and its derivatives.

    A whole number of some size plus a real number within 1/2 is a real number within half the size.
    """
    wide, narrow = _uniform(tilts * sizes / 2), _uniform(tilts / 2)
    return (
        wide[0] - narrow[0],
        sizes / 2 * wide[1] - narrow[1] / 2,
        (sizes**2 / 4 * wide[2] - narrow[2] / 4).clip(0.0),
    )


def _uniform(tilts: Floats) -> tuple[Floats, Floats, Floats]:
    """Log of the mean of ``exp(tilt · x)`` for ``x`` uniform in -1..1, and its derivatives."""
    size = np.abs(tilts).clip(1e-3)
    decay = np.exp(-2 * size)
    value = size + np.log((1 - decay) / (2 * size))
    mean = np.sign(tilts) * ((1 + decay) / (1 - decay) - 1 / size)
    variance = 1 / size**2 - 4 * decay / (1 - decay) ** 2
    is_small = np.abs(tilts) < 1e-3
    return (
        np.where(is_small, tilts**2 / 6, value),
        np.where(is_small, tilts / 3, mean),
        np.where(is_small, 1 / 3, variance),
    )
