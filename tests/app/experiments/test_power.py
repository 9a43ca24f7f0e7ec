import math

import numpy as np
import pytest
from scipy import stats

from app.experiments.power import (
    Size,
    deviation,
    difference_power,
    equivalence_power,
    originals_that_decide,
    power,
)
from app.experiments.spreads import Components

PARTS = Components(originals=0.03, variants=0.02, seeds=0.012, images=0.0)


def test_the_spread_between_originals_is_that_worked_by_hand() -> None:
    against_original = math.sqrt(9e-4 + 4e-4 / 4 + 1.44e-4 / 3 * (1 + 1 / 4))
    against_upsampled = math.sqrt(9e-4 + 4e-4 / 4 + 2 * 1.44e-4 / (3 * 4))

    assert deviation(PARTS, "original", 4, 3) == pytest.approx(against_original)
    assert deviation(PARTS, "upsampled", 4, 3) == pytest.approx(against_upsampled)


def test_runs_are_those_of_all_networks_that_are_compared() -> None:
    assert Size(originals=6, variants=4, seeds=3).runs("original") == 6 * 5 * 3
    assert Size(originals=6, variants=4, seeds=3).runs("upsampled") == 6 * 9 * 3


@pytest.mark.parametrize("originals", [12, 25])
def test_power_is_nearly_that_of_students_test(originals: int) -> None:
    """Flipped signs and Wilcoxon's test lose little where gains are normal."""
    ncp = 0.8 * math.sqrt(originals)
    students = stats.nct.sf(stats.t.isf(0.025, originals - 1), originals - 1, ncp)

    assert students - 0.06 < power(0.008, 0.01, 0.0, originals, 0.05) <= students + 0.02


def test_a_study_finds_nothing_where_nothing_is() -> None:
    for originals in (6, 9, 12):
        assert power(0.0, 0.01, 0.0, originals, 0.05) <= 0.05


def test_five_originals_find_no_effect_however_large() -> None:
    assert power(1.0, 0.001, 0.0, 5, 0.05) == 0
    assert power(1.0, 0.001, 0.0, 6, 0.05) == 1
    assert power(1.0, 0.001, 0.0, 1, 0.05) == 0


def test_more_originals_do_not_help_against_few_test_images() -> None:
    assert power(0.01, 0.001, 0.01, 100, 0.05) < 0.3
    assert originals_that_decide(0.02, 0.001, 0.02, family=1, more_than=3) is None


def test_the_normal_theory_is_close_to_the_simulation() -> None:
    for originals in (9, 15, 30):
        quick = difference_power(0.01, 0.012, 0.002, np.array([float(originals)]), 0.05)
        assert quick[0] == pytest.approx(power(0.01, 0.012, 0.002, originals, 0.05), abs=0.05)


@pytest.mark.parametrize("gain", [0.0, 0.004])
def test_the_power_of_equivalence_is_the_share_of_studies_that_show_it(gain: float) -> None:
    rng = np.random.default_rng(0)
    means = rng.normal(gain, 0.008 / math.sqrt(10), 20_000)
    errors = 0.008 * np.sqrt(rng.chisquare(9, 20_000) / 9 / 10)
    shown = np.mean((0.01 - np.abs(means)) / errors > stats.t.isf(0.05, 9))

    found = equivalence_power(gain, 0.008, 0.0, np.array([10.0]), 0.05)[0]

    assert found == pytest.approx(shown, abs=0.05)


def test_the_least_number_of_originals_that_decides_is_named() -> None:
    needed = originals_that_decide(0.02, 0.02, 0.0, family=1, more_than=3)

    assert needed is not None
    assert power(0.02, 0.02, 0.0, needed, 0.05) == pytest.approx(0.8, abs=0.05)
    assert power(0.02, 0.02, 0.0, needed - 1, 0.05) < 0.8


def test_a_tiny_gain_is_decided_by_equivalence() -> None:
    needed = originals_that_decide(0.0005, 0.01, 0.0, family=1, more_than=4)

    assert needed is not None
    assert equivalence_power(0.0005, 0.01, 0.0, np.array([float(needed)]), 0.05) >= 0.8
    assert originals_that_decide(0.01, 0.5, 0.0, family=1, more_than=4) is None


def test_as_many_originals_as_there_are_do_not_decide() -> None:
    assert originals_that_decide(0.05, 0.001, 0.0, family=1, more_than=8) == 9
