"""The synthetic studies that intervals are measured on have the truth that they claim."""

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from app.schemas.study_results import StudyCell
from benchmarks import coverage_studies
from benchmarks.replays import Case, Replay, found, held
from benchmarks.synthetic_studies import Simulation, Truth, plan, terms
from benchmarks.worlds import WORLDS
from trainer.statistics.study import summarise

VARIANTS = 4


def drawn(truth: Truth, studies: int = 30) -> list[StudyCell]:
    """The cells of some studies of six originals on digits."""
    simulation = Simulation(WORLDS["digits"], VARIANTS, truth, seed=1)
    cells: list[StudyCell] = []
    for _ in range(studies):
        runs = list(chain(*simulation.study(6)))
        costs = {run.architecture_id: (0, 0) for run in runs}
        cells += summarise(plan(6, VARIANTS), terms(VARIANTS), runs, costs).cells
    return cells


def test_planted_gains_are_the_mean_of_what_studies_estimate() -> None:
    cells = drawn(Truth(mean_variant=0.03, true_minus_upsampled=0.02))

    for name, truth in (("mean_variant", 0.03), ("true_minus_upsampled", 0.02)):
        gains = [getattr(cell, name).gain for cell in cells]
        assert np.mean(gains) == pytest.approx(truth, abs=3 * np.std(gains) / np.sqrt(len(gains)))


def test_networks_that_are_all_the_same_gain_nothing_in_any_estimate() -> None:
    cells = drawn(Truth(is_aa=True))

    for name in ("mean_variant", "selected", "best_minus_null", "true_minus_upsampled"):
        gains = [getattr(cell, name).gain for cell in cells]
        assert abs(np.mean(gains)) < 3 * np.std(gains) / np.sqrt(len(gains))
    assert np.mean([cell.best_of_k.gain for cell in cells]) > 0.003


def test_an_ability_is_the_one_that_the_expected_accuracy_has() -> None:
    world = WORLDS["mnist"]

    assert world.expected(world.ability_for(0.97, 0.3), 0.3) == pytest.approx(0.97)
    assert world.expected(world.ability) == pytest.approx(world.accuracy, abs=1e-3)


def test_replays_count_what_is_held_and_what_is_found() -> None:
    replays = [
        Replay((0.0, 0.2), "not_decided", 0.1),
        Replay((0.2, 0.3), "better", 0.1),
        Replay(None, "equivalent", 0.1),
    ]

    assert held(replays) == 1 / 2
    assert found(replays) == pytest.approx(1 / 3)
    assert str(Case("selected", "mnist", 6, is_aa=True)) == "selected_mnist_6_aa"
    assert str(Case("selected", "mnist", 6)) == "selected_mnist_6"


@pytest.mark.parametrize("seeds", [0.015, 0.03])
def test_runs_spread_as_much_as_they_are_meant_to(seeds: float) -> None:
    """Chance at each test image is part of it, which 360 images do not average out."""
    world, rng = replace(WORLDS["digits"], seeds=seeds), np.random.default_rng(0)
    easy_I = world.normal(rng, np.hypot(world.shared, world.own), world.images)

    runs = world.outcomes(rng, world.ability, easy_I, 2000)

    assert np.std([run.test_accuracy for run in runs]) == pytest.approx(seeds, rel=0.12)


def test_the_gap_of_power_is_told_for_each_number_of_originals() -> None:
    replays, gaps = coverage_studies.replayed("digits", 3, is_aa=False)

    assert gaps.keys() == {
        f"{name}_digits_{n}" for name in coverage_studies.CONTRASTS for n in (3, 6, 9, 12)
    }
    assert gaps["mean_variant_digits_3"] == 0
    assert {len(several) for several in replays.values()} == {3}
