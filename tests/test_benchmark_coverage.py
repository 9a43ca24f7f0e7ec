"""The synthetic studies that intervals are measured on have the truth that they claim."""

from itertools import chain

import numpy as np
import pytest

from app.schemas.study_results import StudyCell
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
    assert str(Case("selected", "mnist", 6, truth="1.0_0.5")) == "selected_mnist_6_1.0_0.5"
