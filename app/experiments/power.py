"""The power of the tests that studies apply, at a given spread: how likely an effect is found.

Gains and standard deviations are fractions. N numbers of originals, or N originals; R repeats.
"""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from app.experiments.inference import LEVEL, MARGIN, ROUNDING, Floats, Part
from app.experiments.significance import differs, least_originals

POWER: Final = 0.8
MOST_ORIGINALS: Final = 1_000
FEWEST_ORIGINALS: Final = 3
"""Intervals are shown from three originals on."""
REPEATS: Final = 4_000


def power(effect: float, sd: float, of_images: float, originals: int, alpha: float) -> float:
    """The probability that a study finds an effect, by simulating the very test that it applies.

    Parameters
    ----------
    sd
        The standard deviation of an original's measured gain.
    of_images
        The standard deviation of the mean gain, owed to the choice of the test images.
    """
    if originals < 2:
        return 0.0
    rng = np.random.default_rng(originals)  # the same noise for all effects: power is smooth
    ours_RN, shared_R1 = (
        rng.standard_normal((REPEATS, originals)),
        rng.standard_normal((REPEATS, 1)),
    )
    gains_RN = effect + of_images * shared_R1 + sd * ours_RN
    found_R = differs(gains_RN, Part(of_images**2, math.inf), alpha)
    return float(np.mean(found_R & (gains_RN.mean(axis=1) * effect > 0)))


def originals_that_decide(
    gain: float, sd: float, of_images: float, *, family: int, more_than: int
) -> int | None:
    """The number of originals that would probably decide, were this gain and spread the truth.

    Either a difference or equivalence within the margin would then be shown with a power of 80 %,
    whichever takes fewer; ``None`` where more than 1,000 would be needed. Normal theory: fast
    enough for every estimate of a study.
    """
    alpha = (1 - LEVEL) / family

    def decides(n_N: Floats) -> NDArray[np.bool_]:
        is_found_N = difference_power(gain, sd, of_images, n_N, alpha) >= POWER
        is_found_N &= n_N >= least_originals(family)
        return is_found_N | (equivalence_power(gain, sd, of_images, n_N, alpha) >= POWER)

    return first_of(decides, max(more_than + 1, FEWEST_ORIGINALS))


def first_of(is_enough: Callable[[Floats], NDArray[np.bool_]], least: int) -> int | None:
    """The first number of originals, from ``least`` to the most, that is enough.

    All that are larger are enough, too: few are tried, then those between two of them.
    """
    if least > MOST_ORIGINALS:
        return None
    coarse_N = np.geomspace(least, MOST_ORIGINALS, 24).round()
    is_enough_N = is_enough(coarse_N)
    if not is_enough_N.any():
        return None
    place = int(is_enough_N.argmax())
    before = coarse_N[place - 1] if place else least - 1
    fine_N = np.arange(before + 1, coarse_N[place] + 1)
    return int(fine_N[is_enough(fine_N).argmax()])


def difference_power(gain: float, sd: float, of_images: float, n_N: Floats, alpha: float) -> Floats:
    """The power of Student's *t* test, for each number of originals; nearly exact."""
    error_N, degrees_N = _errors(sd, of_images, n_N)
    least_N = -stdtrit(degrees_N, alpha / 2)
    found_N: Floats = stdtr(degrees_N, abs(gain) / error_N - least_N)
    return found_N


def equivalence_power(
    gain: float, sd: float, of_images: float, n_N: Floats, alpha: float
) -> Floats:
    """The power of two one-sided tests, for each number of originals; nearly exact."""
    error_N, degrees_N = _errors(sd, of_images, n_N)
    least_N = -stdtrit(degrees_N, alpha)
    below_N, above_N = (
        stdtr(degrees_N, least_N - (MARGIN + side * gain) / error_N) for side in (1, -1)
    )
    found_N: Floats = np.maximum(0.0, 1 - below_N - above_N)
    return found_N


def _errors(sd: float, of_images: float, n_N: Floats) -> tuple[Floats, Floats]:
    """Standard errors of the mean gain and their degrees of freedom (Satterthwaite)."""
    ours_N = sd**2 / n_N
    total_N = np.maximum(ours_N + of_images**2, ROUNDING)
    return np.sqrt(total_N), (total_N / np.maximum(ours_N, ROUNDING)) ** 2 * (n_N - 1)
