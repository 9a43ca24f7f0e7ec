import math

import numpy as np
import pytest
from scipy import stats

from app.experiments.cautious import CautiousInference
from app.experiments.inference import Inference, Part

ORIGINALS, IMAGES = Part(0.0004, 2), Part(0.0001, 359)


def cautious(gain: float, *parts: Part) -> CautiousInference:
    found = CautiousInference.of(gain, parts)
    assert found is not None
    return found


def test_quantiles_are_weighted_by_the_parts_of_the_variance() -> None:
    found = cautious(0.1, ORIGINALS, IMAGES)
    expected = 0.8 * stats.t.isf(0.025, 2) + 0.2 * stats.t.isf(0.025, 359)

    assert found.quantile(0.025) == pytest.approx(expected)
    assert found.interval()[1] == pytest.approx(0.1 + expected * math.sqrt(0.0005))


def test_a_single_part_is_students() -> None:
    found, plain = cautious(0.03, ORIGINALS, Part(0.0, 1)), Inference(0.03, 0.02, 2)

    assert found.interval() == pytest.approx(plain.interval())
    assert (found.p, found.equivalence_p()) == pytest.approx((plain.p, plain.equivalence_p()))
    assert CautiousInference.of(0.1, [Part(0.0, 3)]) is None


@pytest.mark.parametrize("ratio", [-2.0, 0.0, 0.5, 3.0, 40.0])
def test_tails_are_the_inverse_of_quantiles(ratio: float) -> None:
    found = cautious(0.1, ORIGINALS, IMAGES)

    assert found.quantile(found.tail(ratio)) == pytest.approx(ratio, abs=1e-9)


def test_p_is_that_of_the_interval_which_ends_at_zero() -> None:
    found = cautious(0.07, ORIGINALS, IMAGES)

    assert found.interval(1 - found.p)[0] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("of_images", [0.2, 0.4, 0.7, 1.0])
def test_three_originals_are_enough_for_an_interval_that_holds(of_images: float) -> None:
    rng = np.random.default_rng(0)
    held = 0
    for spread in rng.chisquare(2, 4000) / 2:
        gain = rng.normal(0, math.hypot(1, of_images))
        low, high = cautious(gain, Part(spread, 2), Part(of_images**2, 359)).interval()
        held += low <= 0 <= high

    assert 0.94 < held / 4000 < 0.98
