import math

import pytest

from app.experiments.power import power
from app.experiments.sizes import Size, deviation, least_size
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


def test_the_size_has_the_power_and_one_original_fewer_has_not() -> None:
    found = least_size(0.02, PARTS, "upsampled", (4,), (3,))

    assert found is not None
    sd = deviation(PARTS, "upsampled", 4, 3)
    assert found.power == power(0.02, sd, 0.0, found.size.originals, 0.05) >= 0.8
    assert power(0.02, sd, 0.0, found.size.originals - 1, 0.05) < 0.8


@pytest.mark.parametrize(("variants", "chosen"), [(0.001, 2), (0.2, 6)])
def test_variants_are_trained_where_they_vary(variants: float, chosen: int) -> None:
    parts = Components(originals=0.03, variants=variants, seeds=0.001, images=0.0)

    found = least_size(0.05, parts, "original")

    assert found is not None
    assert (found.size.variants, found.size.seeds) == (chosen, 2)


def test_no_size_helps_where_the_test_images_are_too_few() -> None:
    parts = Components(originals=0.01, variants=0.01, seeds=0.001, images=0.01)

    assert least_size(0.01, parts, "original") is None


def test_a_study_has_at_least_the_originals_that_significance_takes() -> None:
    found = least_size(0.5, PARTS, "original")

    assert found is not None
    assert found.size.originals == 6
