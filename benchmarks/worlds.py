"""Where synthetic outcomes come from: test images that are easy or hard, networks that differ.

An ability is a point on the probit scale of a run and an image.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from app.experiments.spreads import KNOWN

Images: TypeAlias = NDArray[np.float32]


class Outcome(NamedTuple):
    """What a run is scored by; ``test_correct`` is packed as by ``numpy.packbits``."""

    test_accuracy: float
    validation_accuracy: float
    test_correct: bytes


@dataclass(frozen=True)
class World:
    """A data set. Spreads are standard deviations of accuracies, as fractions.

    Attributes
    ----------
    accuracy
        The originals'.
    seeds, of_variants
        The spread of the runs of a network, and that of the variants of an original.
    images, validated
        Numbers of test and validation images.
    shared, own
        The spreads of how hard an image is for all networks, and for one, in units of a run's.
    """

    name: str
    accuracy: float
    seeds: float
    of_variants: float
    images: int
    validated: int
    shared: float = 2.0
    own: float = 0.7

    @cached_property
    def scale(self) -> float:
        """The standard deviation of a run's success at an image, on the probit scale."""
        return float(np.sqrt(1 + self.shared**2 + self.own**2))

    @cached_property
    def ability(self) -> float:
        """That of a run with the originals' accuracy."""
        return float(stats.norm.ppf(self.accuracy)) * self.scale

    @cached_property
    def slope(self) -> float:
        """By how much accuracy grows with ability, at an original."""
        return float(stats.norm.pdf(stats.norm.ppf(self.accuracy))) / self.scale

    @cached_property
    def of_seeds(self) -> float:
        """The spread of the runs of a network beyond that of chance at each test image.

        Chance brings the mean over images of p (1 - p), where p is the probability that a run is
        right: twice a value of Owen's T function (1956).
        """
        chance = 2 * special.owens_t(self.ability / self.scale, (2 * self.scale**2 - 1) ** -0.5)
        return float(np.sqrt(max(0.0, self.seeds**2 - chance / self.images)))

    @cached_property
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

    def normal(self, rng: np.random.Generator, spread: float, *shape: int) -> Images:
        """Draw normal numbers about 0."""
        return rng.standard_normal(shape, np.float32) * np.float32(spread)

    def outcomes(
        self, rng: np.random.Generator, ability: float, easy_I: Images, seeds: int
    ) -> list[Outcome]:
        """Draw the runs of a network; ``easy_I`` is how easy each test image is for it."""
        ability_S1 = self.normal(rng, self.of_seeds / self.slope, seeds, 1) + np.float32(ability)
        correct_SI = self.normal(rng, 1.0, seeds, len(easy_I)) + ability_S1 + easy_I > 0
        expected_S = special.ndtr(ability_S1[:, 0] / self.scale)
        validated_S = rng.binomial(self.validated, expected_S) / self.validated
        packed_S = np.packbits(correct_SI, axis=1)
        return [
            Outcome(float(correct.mean()), float(validated), packed.tobytes())
            for correct, validated, packed in zip(correct_SI, validated_S, packed_S, strict=True)
        ]

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
