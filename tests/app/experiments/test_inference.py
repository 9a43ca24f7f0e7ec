import math

import numpy as np
import pytest
from scipy import stats

from app.experiments.inference import Inference, Part

ORIGINALS, IMAGES = Part(0.0004, 2), Part(0.0001, 359)


def inferred(gain: float, *parts: Part) -> Inference:
    found = Inference.of(gain, parts)
    assert found is not None
    return found


def inference(gain: float, error: float, degrees: float = 8) -> Inference:
    return inferred(gain, Part(error**2, degrees))


def test_parts_together_are_known_better_than_the_worst_but_less_than_satterthwaite_says() -> None:
    found = Part.together([Part(0.0004, 3), Part(0.0001, 2), Part(0.0, 1)])
    satterthwaite = 0.0005**2 / (0.0004**2 / 3 + 0.0001**2 / 2)

    assert found.variance == pytest.approx(0.0005)
    assert found.degrees == pytest.approx((satterthwaite + 2) / 2)
    assert Part.together([Part(0.0004, 3)]).degrees == pytest.approx(3)
    assert Part.together([Part(0.0, 1)]).variance == 0


def test_quantiles_are_the_mean_of_two_approximations() -> None:
    found = inferred(0.1, ORIGINALS, IMAGES)
    weighted = 0.8 * stats.t.isf(0.025, 2) + 0.2 * stats.t.isf(0.025, 359)
    satterthwaite = stats.t.isf(0.025, 0.0005**2 / (0.0004**2 / 2 + 0.0001**2 / 359))
    expected = (weighted + satterthwaite) / 2

    assert found.quantile(0.025) == pytest.approx(expected)
    assert found.interval()[1] == pytest.approx(0.1 + expected * math.sqrt(0.0005))


@pytest.mark.parametrize("ratio", [-2.0, 0.0, 0.5, 3.0, 40.0])
@pytest.mark.parametrize("parts", [[ORIGINALS], [ORIGINALS, IMAGES]])
def test_tails_are_the_inverse_of_quantiles(ratio: float, parts: list[Part]) -> None:
    found = inferred(0.1, *parts)

    assert found.quantile(found.tail(ratio)) == pytest.approx(ratio, abs=1e-9)


def test_p_is_that_of_the_interval_which_ends_at_zero() -> None:
    found = inferred(0.07, ORIGINALS, IMAGES)

    assert found.interval(1 - found.p)[0] == pytest.approx(0.0, abs=1e-9)


def test_no_gain_at_all_has_a_p_value_of_one() -> None:
    assert inferred(0.0, ORIGINALS).p == inferred(0.0, ORIGINALS, Part(2e-5, 359)).p == 1


@pytest.mark.parametrize("of_images", [0.2, 0.4, 0.7, 1.0])
@pytest.mark.parametrize("degrees", [2, 5, 11])
def test_intervals_hold_however_few_originals_there_are(degrees: int, of_images: float) -> None:
    rng = np.random.default_rng(0)
    held = 0
    for spread in rng.chisquare(degrees, 2000) / degrees:
        gain = rng.normal(0, math.hypot(1, of_images))
        low, high = inferred(gain, Part(spread, degrees), Part(of_images**2, 359)).interval()
        held += low <= 0 <= high

    assert 0.93 < held / 2000 < 0.97


@pytest.mark.parametrize("variants", [1 / 30, 1.0])
def test_intervals_hold_where_the_part_that_is_known_worse_dominates(variants: float) -> None:
    """Three trainings of an original and ten variants: Satterthwaite alone would hold in 92.5 %."""
    rng = np.random.default_rng(0)
    held = 0
    for seeds, others in zip(rng.chisquare(2, 2000) / 2, rng.chisquare(9, 2000) / 9, strict=True):
        gain = rng.normal(0, math.sqrt(1 / 3 + variants))
        low, high = inferred(gain, Part(seeds / 3, 2), Part(others * variants, 9)).interval()
        held += low <= 0 <= high

    assert 0.935 < held / 2000 < 0.97


def test_nothing_is_inferred_where_nothing_varies() -> None:
    assert Inference.of(0.1, [Part(0.0, 3)]) is None


def test_the_interval_is_students() -> None:
    half = stats.t.ppf(0.975, 8) * 0.004

    assert inference(0.01, 0.004).interval() == pytest.approx((0.01 - half, 0.01 + half))


@pytest.mark.parametrize("gain", [0.0, 0.003, -0.006, 0.02])
def test_equivalence_is_two_one_sided_tests(gain: float) -> None:
    found = inference(gain, 0.003)
    below, above = stats.t.sf((gain + 0.01) / 0.003, 8), stats.t.cdf((gain - 0.01) / 0.003, 8)

    assert found.equivalence_p(0.01) == pytest.approx(max(below, above))


def test_networks_are_equivalent_where_the_90_percent_interval_is_within_the_margin() -> None:
    for gain in (0.0, 0.002, 0.004, 0.006):
        found = inference(gain, 0.003)
        low, high = found.interval(0.9)
        assert (found.equivalence_p(0.01) < 0.05) == (low > -0.01 and high < 0.01)
