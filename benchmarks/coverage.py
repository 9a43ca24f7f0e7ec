"""How often a job's intervals hold the truth, and how often luck is called a finding.

``python -m benchmarks.coverage [--quick] [--json]``

Jobs are replayed on synthetic outcomes whose truth is known: every run classifies test images that
are easy or hard for all networks, for one network, or for one run. The spreads are
assumed: of the size that one expects on digits and on MNIST. Each replay goes through
:func:`trainer.statistics.job.summarise`, as a job's results do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from app.schemas.results import Gain
from benchmarks.timing import report
from trainer.statistics.job import Run, TrainedNetwork, summarise

REPLAYS: Final = 4000
QUICK_REPLAYS: Final = 300
SEEDS: Final = 3


@dataclass(frozen=True)
class World:
    """Where outcomes come from. Spreads are standard deviations of accuracies, as fractions.

    Attributes
    ----------
    accuracy
        The original's.
    of_seeds, of_variants
        The spread of the runs of a network, beyond that of their test images, and that of the
        variants of an original.
    images, validated
        Numbers of test and validation images.
    shared, own
        The spreads of how hard an image is for all networks, and for one, in units of a run's.
    """

    accuracy: float
    of_seeds: float
    of_variants: float
    images: int
    validated: int
    shared: float = 2.0
    own: float = 0.7


DIGITS: Final = World(accuracy=0.9, of_seeds=0.01, of_variants=0.03, images=360, validated=144)
MNIST: Final = World(accuracy=0.96, of_seeds=0.002, of_variants=0.01, images=10_000, validated=5000)
WORLDS: Final[Mapping[str, World]] = {"digits": DIGITS, "mnist": MNIST}
VARIANTS: Final = (4, 10)
GOALS: Final = {
    "coverage_lowest": "≥ 0.93",
    "coverage_highest": "≤ 0.97",
    "aa_false_positives": "0.02 to 0.08",
}


@dataclass(frozen=True)
class Replay:
    """One synthetic job: an estimate, and the true gain."""

    estimate: Gain
    truth: float

    @property
    def is_held(self) -> bool:
        """Whether the interval holds the truth."""
        assert self.estimate.ci is not None
        low, high = self.estimate.ci
        return low <= self.truth <= high

    @property
    def is_found(self) -> bool:
        """Whether a difference is claimed."""
        return self.estimate.verdict in ("better", "worse")


class Simulation:
    """Draws jobs from a world. An ability is a point on the probit scale of a run and an image."""

    def __init__(self, world: World, variants: int, *, is_aa: bool, seed: int) -> None:
        self._world, self._variants = world, variants
        self._spread_of_variants = 0.0 if is_aa else world.of_variants
        self._rng = np.random.default_rng(seed)
        self._scale = np.sqrt(1 + world.shared**2 + world.own**2)
        self._ability = stats.norm.ppf(world.accuracy) * self._scale
        self._slope = stats.norm.pdf(stats.norm.ppf(world.accuracy)) / self._scale

    def job(self) -> Iterator[tuple[str, Replay]]:
        """Draw a job; yield its estimates by their names."""
        of_images = self._rng.normal(0, self._world.shared, self._world.images)
        spread = self._spread_of_variants / self._slope
        abilities = self._ability + self._rng.normal(0, spread, self._variants)
        original = self._network("original", self._ability, of_images)
        variants = [
            self._network(str(place), ability, of_images) for place, ability in enumerate(abilities)
        ]
        results = summarise(original, variants)
        baseline = self._accuracy(self._ability)
        assert results.mean_variant is not None
        assert results.selected.variant_id is not None
        yield (
            "mean_variant",
            Replay(results.mean_variant, self._accuracy(self._ability, spread) - baseline),
        )
        chosen = abilities[int(results.selected.variant_id)]
        yield "selected", Replay(results.selected, self._accuracy(chosen) - baseline)

    def _network(self, id_: str, ability: float, of_images: np.ndarray) -> TrainedNetwork:
        hard = of_images + self._rng.normal(0, self._world.own, len(of_images))
        return TrainedNetwork(
            id_, 16, tuple(self._run(seed, ability, hard) for seed in range(SEEDS))
        )

    def _run(self, seed: int, ability: float, hard: np.ndarray) -> Run:
        trained = ability + self._rng.normal(0, self._world.of_seeds / self._slope)
        correct = trained + hard + self._rng.normal(0, 1, len(hard)) > 0
        expected = float(stats.norm.cdf(trained / self._scale))
        validated = self._rng.binomial(self._world.validated, expected) / self._world.validated
        return Run(seed, float(correct.mean()), validated, np.packbits(correct).tobytes())

    def _accuracy(self, ability: float, spread: float = 0.0) -> float:
        """The expected accuracy of a run, over its seed, all images, and variants if these vary."""
        of_seeds = self._world.of_seeds / self._slope
        return float(stats.norm.cdf(ability / np.sqrt(self._scale**2 + of_seeds**2 + spread**2)))


def measure(is_quick: bool) -> Mapping[str, float]:
    """Return how often intervals hold, by case, and the worst of these figures."""
    replays = QUICK_REPLAYS if is_quick else REPLAYS
    held: dict[str, float] = {}
    found: dict[str, float] = {}
    for name, world in WORLDS.items():
        for variants in VARIANTS:
            for is_aa in (False, True):
                case = f"{name}_{variants}{'_aa' if is_aa else ''}"
                simulation = Simulation(world, variants, is_aa=is_aa, seed=variants)
                by_name: dict[str, list[Replay]] = {}
                for _ in range(replays):
                    for estimate, replay in simulation.job():
                        by_name.setdefault(estimate, []).append(replay)
                for estimate, jobs in by_name.items():
                    held[f"{estimate}_{case}"] = _share([job.is_held for job in jobs])
                    if is_aa:
                        found[f"{estimate}_{case}"] = _share([job.is_found for job in jobs])
    return {
        "coverage_lowest": min(held.values()),
        "coverage_highest": max(held.values()),
        "aa_false_positives": max(found.values()),
        **{f"held_{case}": share for case, share in held.items()},
        **{f"found_{case}": share for case, share in found.items()},
    }


def _share(values: list[bool]) -> float:
    return sum(values) / len(values)


if __name__ == "__main__":
    report(__doc__ or "", measure, GOALS)
