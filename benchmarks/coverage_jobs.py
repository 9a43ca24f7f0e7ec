"""Synthetic jobs whose truth is known, through :func:`trainer.statistics.job.summarise`."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import numpy as np
from scipy import stats

from benchmarks.replays import Case, Replay, Replays
from benchmarks.worlds import WORLDS, World
from trainer.statistics.job import Run, TrainedNetwork, summarise

SEEDS: Final = 3
VARIANTS: Final = (4, 10)


class Simulation:
    """Draws jobs from a world."""

    def __init__(self, world: World, variants: int, *, is_aa: bool, seed: int) -> None:
        self._world, self._variants = world, variants
        self._spread_of_variants = 0.0 if is_aa else world.of_variants
        self._rng = np.random.default_rng(seed)

    def job(self) -> Iterator[tuple[str, Replay]]:
        """Draw a job; yield its estimates by their names."""
        world = self._world
        of_images = self._rng.normal(0, world.shared, world.images)
        spread = self._spread_of_variants / world.slope
        abilities = world.ability + self._rng.normal(0, spread, self._variants)
        original = self._network("original", world.ability, of_images)
        variants = [
            self._network(str(place), ability, of_images) for place, ability in enumerate(abilities)
        ]
        results = summarise(original, variants)
        baseline = world.expected(world.ability)
        mean, selected = results.mean_variant, results.selected
        assert mean is not None
        assert selected.variant_id is not None
        gain = world.expected(world.ability, spread) - baseline
        yield "mean_variant", Replay(mean.ci, mean.verdict, gain)
        gain = world.expected(abilities[int(selected.variant_id)]) - baseline
        yield "selected", Replay(selected.ci, selected.verdict, gain)

    def _network(self, id_: str, ability: float, of_images: np.ndarray) -> TrainedNetwork:
        hard = of_images + self._rng.normal(0, self._world.own, len(of_images))
        return TrainedNetwork(
            id_, 16, tuple(self._run(seed, ability, hard) for seed in range(SEEDS))
        )

    def _run(self, seed: int, ability: float, hard: np.ndarray) -> Run:
        world = self._world
        trained = ability + self._rng.normal(0, world.of_seeds / world.slope)
        correct = trained + hard + self._rng.normal(0, 1, len(hard)) > 0
        expected = float(stats.norm.cdf(trained / world.scale))
        validated = self._rng.binomial(world.validated, expected) / world.validated
        return Run(seed, float(correct.mean()), validated, np.packbits(correct).tobytes())


def replayed(times: int) -> Replays:
    """Replay jobs of four and of ten variants that vary, or are all the same."""
    replays: Replays = defaultdict(list)
    for name, world in WORLDS.items():
        for variants in VARIANTS:
            for is_aa in (False, True):
                simulation = Simulation(world, variants, is_aa=is_aa, seed=variants)
                for _ in range(times):
                    for estimate, replay in simulation.job():
                        replays[Case(estimate, name, variants, is_aa)].append(replay)
    return replays
