"""Synthetic jobs whose truth is known, through :func:`trainer.statistics.job.summarise`."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from benchmarks.replays import Case, Replay, Replays
from benchmarks.worlds import WORLDS, Images, World
from trainer.statistics.job import Run, TrainedNetwork, summarise

SEEDS: Final = 3
VARIANTS: Final = (4, 10)


class Simulation:
    """Draws jobs from a world."""

    def __init__(self, world: World, variants: int, *, is_aa: bool) -> None:
        self._world, self._variants = world, variants
        self._spread = 0.0 if is_aa else world.of_variants / world.slope
        self._rng = np.random.default_rng(variants)

    def job(self) -> Iterator[tuple[str, Replay]]:
        """Draw a job; yield its estimates by their names."""
        world = self._world
        hard_I = world.normal(self._rng, world.shared, world.images)
        abilities = world.ability + self._rng.normal(0, self._spread, self._variants)
        original = self._network("original", world.ability, hard_I)
        variants = [self._network(f"{n}", ability, hard_I) for n, ability in enumerate(abilities)]
        results = summarise(original, variants)
        baseline = world.expected(world.ability)
        mean, selected = results.mean_variant, results.selected
        assert mean is not None
        assert selected.variant_id is not None
        gain = world.expected(world.ability, self._spread) - baseline
        yield "mean_variant", Replay(mean.ci, mean.verdict, gain)
        gain = world.expected(abilities[int(selected.variant_id)]) - baseline
        yield "selected", Replay(selected.ci, selected.verdict, gain)

    def _network(self, id_: str, ability: float, hard_I: Images) -> TrainedNetwork:
        easy_I = self._world.normal(self._rng, self._world.own, len(hard_I)) - hard_I
        outcomes = self._world.outcomes(self._rng, ability, easy_I, SEEDS)
        runs = (Run(seed, *outcome) for seed, outcome in enumerate(outcomes))
        return TrainedNetwork(id_, 16, tuple(runs))


def replayed(world: str, times: int, *, is_aa: bool) -> Replays:
    """Replay jobs of four and of ten variants that vary, or are all the same."""
    replays: Replays = {}
    for variants in VARIANTS:
        simulation = Simulation(WORLDS[world], variants, is_aa=is_aa)
        for _ in range(times):
            for estimate, replay in simulation.job():
                replays.setdefault(Case(estimate, world, variants, is_aa), []).append(replay)
    return replays
