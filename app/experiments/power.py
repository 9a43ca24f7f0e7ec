"""How large a study must be: the power of the test that studies apply, at a given spread.

Gains and standard deviations are fractions; n originals, k variants of each, s seeds.
"""

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from scipy import stats

from app.experiments.inference import LEVEL, MARGIN, ROUNDING, Part
from app.experiments.significance import Floats, least_originals, p_values
from app.experiments.spreads import Components, Reference

POWER: Final = 0.8
MOST_ORIGINALS: Final = 1_000
FEWEST_ORIGINALS: Final = 3
"""Intervals are shown from three originals on."""
REPEATS: Final = 1_000


@dataclass(frozen=True)
class Size:
    """The size of a study."""

    originals: int
    variants: int
    seeds: int

    def runs(self, reference: Reference) -> int:
        """The number of trainings of originals, variants and what these are compared with."""
        networks = 1 + self.variants * (2 if reference == "upsampled" else 1)
        return self.originals * networks * self.seeds


def deviation(parts: Components, reference: Reference, variants: int, seeds: int) -> float:
    """The standard deviation of one original's measured gain between originals."""
    trainings = 2 / variants if reference == "upsampled" else 1 + 1 / variants
    return math.sqrt(
        parts.originals**2 + parts.variants**2 / variants + parts.seeds**2 * trainings / seeds
    )


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
    ours_RN, shared_R = _noise(originals)
    gains_RN = effect + of_images * shared_R[:, None] + sd * ours_RN
    found_R = p_values(gains_RN, Part(of_images**2, math.inf)) < alpha
    return float(np.mean(found_R & (gains_RN.mean(axis=1) * effect > 0)))


@lru_cache(maxsize=64)
def _noise(originals: int) -> tuple[Floats, Floats]:
    """The same standard normal numbers for every effect and spread, so that power is smooth."""
    rng = np.random.default_rng(originals)
    return rng.standard_normal((REPEATS, originals)), rng.standard_normal(REPEATS)


def originals_that_decide(
    gain: float, sd: float, of_images: float, *, family: int, more_than: int
) -> int | None:
    """The number of originals that would probably decide, were this gain and spread the truth.

    Either a difference or equivalence within the margin would then be shown with a power of 80 %,
    whichever takes fewer; ``None`` where more than 1,000 would be needed. Normal theory: fast
    enough for every estimate of a study.
    """
    least = max(more_than + 1, FEWEST_ORIGINALS)
    n_N = np.arange(least, MOST_ORIGINALS + 1, dtype=np.float64)
    alpha = (1 - LEVEL) / family
    is_found_N = difference_power(gain, sd, of_images, n_N, alpha) >= POWER
    is_found_N &= n_N >= least_originals(family)
    is_decided_N = is_found_N | (equivalence_power(gain, sd, of_images, n_N, alpha) >= POWER)
    return int(n_N[is_decided_N.argmax()]) if is_decided_N.any() else None


def difference_power(gain: float, sd: float, of_images: float, n_N: Floats, alpha: float) -> Floats:
    """The power of Student's *t* test, for each number of originals; nearly exact."""
    error_N, degrees_N = _errors(sd, of_images, n_N)
    least_N = stats.t.isf(alpha / 2, degrees_N)
    found_N: Floats = stats.t.sf(least_N - abs(gain) / error_N, degrees_N)
    return found_N


def equivalence_power(
    gain: float, sd: float, of_images: float, n_N: Floats, alpha: float
) -> Floats:
    """The power of two one-sided tests, for each number of originals; nearly exact."""
    error_N, degrees_N = _errors(sd, of_images, n_N)
    least_N = stats.t.isf(alpha, degrees_N)
    below_N, above_N = (
        stats.t.sf((MARGIN + side * gain) / error_N - least_N, degrees_N) for side in (1, -1)
    )
    found_N: Floats = np.maximum(0.0, 1 - below_N - above_N)
    return found_N


def _errors(sd: float, of_images: float, n_N: Floats) -> tuple[Floats, Floats]:
    """Standard errors of the mean gain and their degrees of freedom (Satterthwaite)."""
    ours_N = sd**2 / n_N
    total_N = np.maximum(ours_N + of_images**2, ROUNDING)
    return np.sqrt(total_N), (total_N / np.maximum(ours_N, ROUNDING)) ** 2 * (n_N - 1)


VARIANTS: Final = (2, 4, 6, 8)
SEEDS: Final = (2, 3, 5)
"""Sizes that are tried; with one seed, the spread of seeds would stay unknown."""


@dataclass(frozen=True)
class PoweredSize:
    """The size of a study, and its power."""

    size: Size
    power: float


@lru_cache(maxsize=256)
def least_size(
    effect: float,
    parts: Components,
    reference: Reference,
    variants: tuple[int, ...] = VARIANTS,
    seeds: tuple[int, ...] = SEEDS,
) -> PoweredSize | None:
    """The study with the fewest runs that finds an effect with a power of 80 %.

    Returns ``None`` where more than 1,000 originals would be needed.
    """
    sizes = [
        Size(originals, k, s)
        for k in variants
        for s in seeds
        if (originals := _enough(effect, deviation(parts, reference, k, s), parts.images))
    ]
    if not sizes:
        return None
    best = min(sizes, key=lambda size: (size.runs(reference), size.originals))
    sd = deviation(parts, reference, best.variants, best.seeds)
    return _simulated(best, lambda n: power(effect, sd, parts.images, n, 1 - LEVEL))


def _enough(effect: float, sd: float, of_images: float) -> int | None:
    """The number of originals that normal theory asks for."""
    n_N = np.arange(least_originals(1), MOST_ORIGINALS + 1, dtype=np.float64)
    is_enough_N = difference_power(effect, sd, of_images, n_N, 1 - LEVEL) >= POWER
    return int(n_N[is_enough_N.argmax()]) if is_enough_N.any() else None


def _simulated(size: Size, power_of: Callable[[int], float]) -> PoweredSize | None:
    """Correct the number of originals by simulation; normal theory is off by a few per cent."""
    tried = range(
        max(least_originals(1), size.originals * 9 // 10 - 2), size.originals * 6 // 5 + 4
    )
    place = bisect_left(tried, POWER, key=power_of)
    if place == len(tried) or tried[place] > MOST_ORIGINALS:
        return None
    return PoweredSize(replace(size, originals=tried[place]), power_of(tried[place]))
