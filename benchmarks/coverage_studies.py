"""Synthetic studies whose truth is known, through :func:`trainer.statistics.study.summarise`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from typing import Final

import numpy as np

from app.experiments.inference import LEVEL
from app.experiments.power import power
from app.experiments.sizes import deviation
from app.experiments.spreads import Components, Reference
from app.schemas.study_results import Estimate, Share, Spread, StudyCell
from benchmarks.replays import Case, Replay, Replays, found
from benchmarks.synthetic_studies import SEEDS, Simulation, Truth, plan, terms
from benchmarks.worlds import WORLDS
from trainer.statistics.study import StudyRun, summarise

VARIANTS: Final = 4
ORIGINALS: Final = (3, 6, 9, 12)
TRUTHS: Final[Mapping[str, Truth]] = {
    "": Truth(is_aa=True),
    "1.0_0.5": Truth(mean_variant=0.01, true_minus_upsampled=0.005),
    "0.5_1.0": Truth(mean_variant=0.005, true_minus_upsampled=0.01),
}
PLANTED: Final[Mapping[str, Reference]] = {
    "mean_variant": "original",
    "true_minus_upsampled": "upsampled",
}
"""The estimates whose truth is planted; that of the others is their mean over all replays."""
ESTIMATES: Final = (
    *PLANTED,
    "selected",
    "best_of_k",
    "best_of_k_null",
    "best_minus_null",
    "upsampled_minus_original",
    "no_more_rows",
    "better",
)
MANY: Final = 600
"""Originals enough to know the spread of a world."""


def replayed(times: int) -> Replays:
    """Replay studies of 3 to 12 originals, on all cores."""
    replays: Replays = {}
    with ProcessPoolExecutor() as pool:
        tasks = [pool.submit(_replayed, it, label, times) for it in WORLDS for label in TRUTHS]
        for task in tasks:
            replays |= task.result()
    return replays


def _replayed(world: str, label: str, times: int) -> Replays:
    """Replay studies of one world and truth."""
    truth = TRUTHS[label]
    simulation = Simulation(WORLDS[world], VARIANTS, truth, seed=[*TRUTHS].index(label))
    estimates: dict[tuple[str, int], list[Estimate | Share]] = defaultdict(list)
    for _ in range(times):
        for key, estimate in _study(simulation):
            estimates[key].append(estimate)
    replays: Replays = {}
    for (name, originals), several in estimates.items():
        case = Case(name, world, originals, truth.is_aa, label)
        expected = _expected(name, truth, estimates[name, max(ORIGINALS)])
        replays[case] = [_replay(it, expected) for it in several]
    return replays


def _study(simulation: Simulation) -> Iterator[tuple[tuple[str, int], Estimate | Share]]:
    """Draw a study; yield its estimates for the first three originals, the first six …"""
    runs = simulation.study(max(ORIGINALS))
    for originals in ORIGINALS:
        cell = _summarised(runs[:originals])
        for name in ESTIMATES:
            yield (name, originals), getattr(cell, name)


def _summarised(runs: Sequence[Sequence[StudyRun]]) -> StudyCell:
    """A study's only cell."""
    every = list(chain.from_iterable(runs))
    costs = {run.architecture_id: (0, 0) for run in every}
    [cell] = summarise(plan(len(runs), VARIANTS), terms(VARIANTS), every, costs).cells
    return cell


def _expected(name: str, truth: Truth, estimates: Sequence[Estimate | Share]) -> float:
    if name in PLANTED:
        return float(getattr(truth, name))
    return float(np.mean([_value(estimate) for estimate in estimates]))


def _value(estimate: Estimate | Share) -> float:
    value = estimate.share if isinstance(estimate, Share) else estimate.gain
    assert value is not None
    return value


def _replay(estimate: Estimate | Share, expected: float) -> Replay:
    verdict = None if isinstance(estimate, Share) else estimate.verdict
    return Replay(estimate.ci, verdict, expected)


def power_gaps(replays: Replays) -> dict[str, float]:
    """By how many points the power that was planned differs from the share that was found."""
    planted = [label for label, truth in TRUTHS.items() if not truth.is_aa]
    spreads = {(name, label): _spread(name, label) for name in WORLDS for label in planted}
    gaps = {}
    for case, several in replays.items():
        if case.estimate in PLANTED and not case.is_aa:
            reference = PLANTED[case.estimate]
            parts = Components(**spreads[case.world, case.truth][case.estimate].model_dump())
            sd = deviation(parts, reference, VARIANTS, SEEDS)
            planned = power(several[0].truth, sd, parts.images, case.size, 1 - LEVEL)
            gaps[str(case)] = 100 * abs(planned - found(several))
    return gaps


def _spread(world: str, label: str) -> Mapping[str, Spread]:
    """The spread of a world as a large study measures it, with the same gains.

    Accuracies vary less where they are close to 1, so gains change the spread.
    """
    simulation = Simulation(WORLDS[world], VARIANTS, TRUTHS[label], seed=MANY)
    return {str(name): it for name, it in _summarised(simulation.study(MANY)).spread.items()}
