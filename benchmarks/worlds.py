"""Where synthetic outcomes come from: test images that are easy or hard, networks that differ.

An ability is a point on the probit scale of a run and an image.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from app.experiments.spreads import KNOWN


@dataclass(frozen=True)
class World:
    """A data set. Spreads are standard deviations of accuracies, as fractions.

    Attributes
    ----------
    accuracy
        The originals'.
    of_seeds, of_variants
        The spread of the runs of a network, beyond that of their test images, and that of the
        variants of an original.
    images, validated
        Numbers of test and validation images.
    shared, own
        The spreads of how hard an image is for all networks, and for one, in units of a run's.
    """

    name: str
    accuracy: float
    of_seeds: float
    of_variants: float
    images: int
    validated: int
    shared: float = 2.0
    own: float = 0.7

    @property
    def scale(self) -> float:
        """The standard deviation of a run's success at an image, on the probit scale."""
        return float(np.sqrt(1 + self.shared**2 + self.own**2))

    @property
    def ability(self) -> float:
        """An original's."""
        return float(stats.norm.ppf(self.accuracy)) * self.scale

    @property
    def slope(self) -> float:
        """By how much accuracy grows with ability, at an original."""
        return float(stats.norm.pdf(stats.norm.ppf(self.accuracy))) / self.scale

    @property
    def squared_slope(self) -> float:
        """The mean over images of the square of the slope at each of them."""
        width = 1 + 2 * (self.scale**2 - 1)
        return float(np.exp(-(self.ability**2) / width) / np.sqrt(width) / (2 * np.pi))

    def expected(self, ability: float, spread: float = 0.0) -> float:
        """The expected accuracy of a run over its seed, all images and a spread of abilities."""
        return float(stats.norm.cdf(ability / self._width(spread)))

    def ability_for(self, accuracy: float, spread: float) -> float:
        """The mean ability whose expected accuracy this is; the inverse of :meth:`expected`."""
        return float(stats.norm.ppf(accuracy)) * self._width(spread)

    def _width(self, spread: float) -> float:
        of_seeds = self.of_seeds / self.slope
        return float(np.sqrt(self.scale**2 + of_seeds**2 + spread**2))


def _world(name: str, images: int, validated: int) -> World:
    known = KNOWN[name]
    spread = known.components["original"]
    return World(name, known.accuracy, spread.seeds, spread.variants, images, validated)


WORLDS: Final[Mapping[str, World]] = {
    world.name: world for world in (_world("digits", 360, 144), _world("mnist", 10_000, 5000))
}
