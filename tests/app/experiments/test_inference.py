import math

import pytest
from scipy import stats

from app.experiments.inference import Inference, Part


def inference(gain: float, error: float, degrees: float = 8) -> Inference:
    return Inference(gain, error, degrees)


def test_parts_add_up_with_satterthwaites_degrees_of_freedom() -> None:
    found = Inference.of(0.1, [Part(0.0004, 3), Part(0.0001, 2), Part(0.0, 1)])

    assert found is not None
    assert found.standard_error == pytest.approx(math.sqrt(0.0005))
    assert found.degrees == pytest.approx(0.0005**2 / (0.0004**2 / 3 + 0.0001**2 / 2))


def test_a_single_part_keeps_its_degrees_of_freedom() -> None:
    found = Inference.of(0.1, [Part(0.0004, 5)])

    assert found is not None
    assert found.degrees == pytest.approx(5.0)


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
