"""Synthetic studies whose truth is known, through :func:`trainer.statistics.study.summarise`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, TypeAlias

import numpy as np

from app.experiments.inference import LEVEL
from app.experiments.power import power
from app.experiments.sizes import deviation
from app.schemas.study_results import BetterShare, Estimate, SpreadOf, StudyCell
from app.services.study_spreads import REFERENCES, Wanted, find
from benchmarks.replays import Case, Replay, Replays, found
from benchmarks.synthetic_studies import SEEDS, Simulation, Truth, plan, terms
from benchmarks.worlds import WORLDS
from trainer.statistics.study import StudyRun, summarise

VARIANTS: Final = 4
ORIGINALS: Final = (3, 6, 9, 12)
AA: Final = Truth(is_aa=True)
PLANTED: Final[Mapping[str, Truth]] = {
    "digits": Truth(mean_variant=0.005, true_minus_upsampled=0.01),
    "mnist": Truth(mean_variant=0.01, true_minus_upsampled=0.005),
}
CONTRASTS: Final[tuple[SpreadOf, ...]] = ("mean_variant", "true_minus_upsampled")
"""The estimates whose truth is planted; that of the others is their mean over all replays."""
ESTIMATES: Final = (
    *CONTRASTS,
    "selected",
    "best_of_k",
    "best_of_k_null",
    "best_minus_null",
    "upsampled_minus_original",
    "no_more_rows",
    "better",
)
Cells: TypeAlias = dict[int, list[StudyCell]]
"""What studies find, by their number of originals."""


def replayed(world: str, times: int, *, is_aa: bool) -> tuple[Replays, dict[str, float]]:
    """Replay studies of a world; return what they show, and the gaps of their power."""
    truth = AA if is_aa else PLANTED[world]
    simulation = Simulation(WORLDS[world], VARIANTS, truth, seed=0)
    cells: Cells = defaultdict(list)
    for _ in range(times):
        for cell in _study(simulation):
            cells[cell.originals].append(cell)
    replays: Replays = {}
    for name in ESTIMATES:
        expected = _expected(name, truth, cells)
        for originals, several in cells.items():
            case = Case(name, world, originals, is_aa)
            replays[case] = [_replay(getattr(cell, name), expected) for cell in several]
    return replays, {} if is_aa else _power_gaps(world, cells, replays)


def _study(simulation: Simulation) -> Iterator[StudyCell]:
    """Draw a study; yield what its first three originals find, its first six …"""
    runs = simulation.study(max(ORIGINALS))
    for originals in ORIGINALS:
        yield _summarised(runs[:originals])


def _summarised(runs: Sequence[Sequence[StudyRun]]) -> StudyCell:
    """A study's only cell, without its networks, which need much memory."""
    every = list(chain.from_iterable(runs))
    costs = {run.architecture_id: (0, 0) for run in every}
    [cell] = summarise(plan(len(runs), VARIANTS), terms(VARIANTS), every, costs).cells
    return cell.model_copy(update={"networks": ()})


def _expected(name: str, truth: Truth, cells: Cells) -> float:
    if name in CONTRASTS:
        return float(getattr(truth, name))
    return float(np.mean([_value(getattr(cell, name)) for cell in cells[max(ORIGINALS)]]))


def _value(estimate: Estimate | BetterShare) -> float:
    value = estimate.share if isinstance(estimate, BetterShare) else estimate.gain
    assert value is not None
    return value


def _replay(estimate: Estimate | BetterShare, expected: float) -> Replay:
    verdict = None if isinstance(estimate, BetterShare) else estimate.verdict
    return Replay(estimate.ci, verdict, expected)


def _power_gaps(world: str, cells: Cells, replays: Replays) -> dict[str, float]:
    """By how many points the planned power differs from the share of studies that find the gain.

    The planner has the spread that it takes from recorded studies: here, from those of most
    originals.
    """
    gaps = {}
    for name in CONTRASTS:
        parts = find(cells[max(ORIGINALS)], Wanted(world, name)).components
        sd = deviation(parts, REFERENCES[name], VARIANTS, SEEDS)
        for originals in ORIGINALS:
            case = Case(name, world, originals)
            effect = float(getattr(PLANTED[world], name))
            planned = power(effect, sd, parts.images, originals, 1 - LEVEL)
            gaps[str(case)] = 100 * abs(planned - found(replays[case]))
    return gaps
