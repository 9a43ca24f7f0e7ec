"""How likely sums of uniform random numbers are to be near a goal."""

from math import log, pi
from typing import Final

import numpy as np

from solver.engines.whole.quadratic import Floats

STEPS: Final = 16
"""Steps of Newton's method: a few in the middle, more at the edge of what can be reached."""
CLOSE: Final = 1e-6
"""Gap of the mean, relative to what can be reached, at which steps end."""
TINY: Final = 1e-12


def log_density(matrix: Floats, goals: Floats) -> Floats:
    """Natural logarithms of the densities of ``matrix @ x`` at the goals.

    The numbers ``x`` are uniform between -1 and 1, and independent.

    Parameters
    ----------
    matrix
        Many systems of ``m`` sums of ``k`` numbers, shape ``(rows, m, k)``.
    goals
        Shape ``(rows, m)``.

    Returns
    -------
    Floats
        Shape ``(rows,)``; far below 0 for goals that cannot be reached.

    Notes
    -----
    Saddle-point approximation (Daniels 1954): the density is tilted until its mean is the goal, and
    normal there. The exponent ``value − tilt · goal`` is least at the right tilt, so one that is
    not yet right only makes the density too large.
    """
    reach = np.abs(matrix).sum(axis=2).clip(TINY)
    shares, wanted = matrix / reach[:, :, None], goals / reach
    tilt = np.zeros_like(wanted)
    for _ in range(STEPS):
        place = _dot(shares.transpose(0, 2, 1), tilt)
        value, mean, variance = _moments(place)
        gap = _dot(shares, mean) - wanted
        spread = (shares * variance[:, None]) @ shares.transpose(0, 2, 1)
        spread += TINY * np.eye(matrix.shape[1])
        exponent = value.sum(axis=1) - (tilt * wanted).sum(axis=1)
        if np.abs(gap).max(initial=0.0) < CLOSE:
            break
        step = np.linalg.solve(spread, gap[:, :, None])[:, :, 0]
        far = np.abs(_dot(shares.transpose(0, 2, 1), step)).max(axis=1)
        most = 2 + np.abs(place).max(axis=1)
        tilt = tilt - step * np.minimum(1, most / far.clip(TINY))[:, None]
    normal = -0.5 * (np.linalg.slogdet(spread)[1] + matrix.shape[1] * log(2 * pi))
    found: Floats = exponent + normal - np.log(reach).sum(axis=1)
    return found


def _dot(matrices: Floats, vectors: Floats) -> Floats:
    """Each matrix times its vector."""
    found: Floats = (matrices @ vectors[:, :, None])[:, :, 0]
    return found


def _moments(tilt: Floats) -> tuple[Floats, Floats, Floats]:
    """Log of the mean of ``exp(tilt · x)`` for ``x`` uniform in -1..1, and its derivatives."""
    size = np.abs(tilt).clip(1e-3)
    decay = np.exp(-2 * size)
    value = size + np.log((1 - decay) / (2 * size))
    mean = np.sign(tilt) * ((1 + decay) / (1 - decay) - 1 / size)
    variance = 1 / size**2 - 4 * decay / (1 - decay) ** 2
    is_small = np.abs(tilt) < 1e-3
    return (
        np.where(is_small, tilt**2 / 6, value),
        np.where(is_small, tilt / 3, mean),
        np.where(is_small, 1 / 3, variance),
    )
