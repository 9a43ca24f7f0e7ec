import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from app.experiments.inference import Floats, Part
from app.experiments.significance import (
    differs,
    holm,
    infer,
    least_originals,
    p_value,
    sign_flip_p,
    symmetry_p,
)

NO_IMAGES = Part(0.0, 1.0)


def flipped(*values: float) -> float:
    """The p-value of one study's gains."""
    [p] = sign_flip_p(np.array([values])).tolist()
    return float(p)


def gains(originals: int, mean: float = 0.5, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(mean, 1, originals)


@pytest.mark.parametrize("originals", [2, 3, 6, 9])
def test_flipped_signs_are_scipys_exact_permutation_test(originals: int) -> None:
    values = gains(originals)
    expected = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=np.inf
    )

    assert flipped(*values) == pytest.approx(expected.pvalue)


def test_the_smallest_p_value_needs_all_gains_on_one_side() -> None:
    assert flipped(1, 2, 3, 4, 5, 6) == 2 / 2**6
    assert flipped(*-np.ones(20)) == 2 / 2**20


@pytest.mark.parametrize("values", [[0.0, 0.0, 0.0], [1.0, -1.0], [0.1, 0.2, -0.3]])
def test_a_mean_of_zero_is_no_evidence(values: list[float]) -> None:
    assert flipped(*values) == 1


def test_equal_sums_count_whatever_the_rounding() -> None:
    """Of the eight sums ±0.1 ±0.2 ±0.3, 0.6 and -0.6 are as far from 0 as the observed."""
    assert flipped(0.1, 0.2, 0.3) == 2 / 8
    assert flipped(0.3, 0.3, 0.3, -0.3) == 10 / 16


def test_under_symmetry_no_level_is_exceeded() -> None:
    sizes = gains(9)
    p = sign_flip_p(sizes * np.array(list(product((-1, 1), repeat=9))))

    for level in (0.01, 0.05, 0.1):
        assert np.mean(p <= level) <= level


def test_beyond_twenty_originals_it_is_wilcoxons_test() -> None:
    values = gains(21)

    assert symmetry_p(values[None, :20]).tolist() == [flipped(*values[:20])]
    assert symmetry_p(np.stack([values, np.zeros(21)])).tolist() == [
        stats.wilcoxon(values).pvalue,
        1,
    ]
    assert symmetry_p(np.zeros((1, 21))).tolist() == [1]


def test_both_tests_must_agree() -> None:
    rows = np.stack([gains(9, seed=seed) for seed in range(20)])
    students = [stats.ttest_1samp(row, 0).pvalue for row in rows]

    p = [p_value(row.tolist(), NO_IMAGES) for row in rows]
    assert p == pytest.approx(np.maximum(students, sign_flip_p(rows)))


def test_images_that_all_originals_share_widen_the_interval() -> None:
    values = gains(6).tolist()
    plain, wider = infer(values, NO_IMAGES), infer(values, Part(0.2, 359))

    assert plain is not None
    assert wider is not None
    assert plain.interval() == pytest.approx(stats.ttest_1samp(values, 0).confidence_interval())
    assert wider.standard_error == pytest.approx(math.hypot(stats.sem(values), math.sqrt(0.2)))
    assert p_value(values, Part(0.2, 359)) > p_value(values, NO_IMAGES)


@pytest.mark.parametrize("images", [NO_IMAGES, Part(0.05, 359), Part(0.05, math.inf)])
@pytest.mark.parametrize("originals", [3, 8, 25])
def test_the_planner_finds_what_a_study_finds(originals: int, images: Part) -> None:
    rows = np.stack([gains(originals, seed=seed) for seed in range(60)])
    rows[0] = 0.0

    found = differs(rows, images, 0.2)

    assert found.tolist() == [p_value(row.tolist(), images) < 0.2 for row in rows]
    assert 0 < found.sum() < 60 or originals == 3


def test_gains_that_are_all_the_same_tell_nothing_about_chance() -> None:
    assert infer([0.1, 0.1, 0.1], NO_IMAGES) is None
    assert p_value([0.0] * 6, NO_IMAGES) == 1


@pytest.mark.parametrize(("family", "originals"), [(1, 6), (2, 7), (9, 9), (10, 9), (16, 10)])
def test_significance_takes_log2_of_forty_times_the_family(family: int, originals: int) -> None:
    assert least_originals(family) == originals
    assert family * 2.0 ** (1 - originals) <= 0.05 < family * 2.0 ** (2 - originals)


def test_holms_correction_is_that_worked_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.02]) == [0.02]
    assert holm([0.6, 0.7]) == [1, 1]
    assert holm([]) == []
