"""How large a study must be to show an effect, for the least training."""

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from app.experiments.inference import LEVEL
from app.experiments.power import MOST_ORIGINALS, POWER, difference_power, first_of, power
from app.experiments.significance import least_originals
from app.experiments.spreads import Components, Reference

VARIANTS: Final = (2, 4, 6, 8)
SEEDS: Final = (2, 3, 5)
"""Sizes that are tried; with one seed, the spread of seeds would stay unknown."""


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
    return first_of(
        lambda n_N: difference_power(effect, sd, of_images, n_N, 1 - LEVEL) >= POWER,
        least_originals(1),
    )


def _simulated(size: Size, power_of: Callable[[int], float]) -> PoweredSize | None:
    """Correct the number of originals by simulation; normal theory is off by a few per cent."""
    tried = range(
        max(least_originals(1), size.originals * 9 // 10 - 2), size.originals * 6 // 5 + 4
    )
    place = bisect_left(tried, POWER, key=power_of)
    if place == len(tried) or tried[place] > MOST_ORIGINALS:
        return None
    return PoweredSize(replace(size, originals=tried[place]), power_of(tried[place]))
