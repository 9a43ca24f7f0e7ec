import time

import pytest

from solver.engines.whole.largest_exact import LargestExact, largest_exact
from solver.engines.whole.problem import WholeProblem
from solver.variation.unknown import Range
from tests.solver.engines.whole.networks import at


def resnet18(resolutions: Range, step: int = 1, seconds: float = 60) -> LargestExact:
    """In processor seconds: a busy machine must not change what is found."""
    return largest_exact(lambda it: at(it, step), resolutions, seconds, clock=time.process_time)


def test_the_largest_exact_resolution_of_resnet_18_is_proved() -> None:
    found = resnet18(Range(300, 448))
    assert found.found.value == 316
    assert found.found.is_proved
    assert found.open == ()
    assert found.found.widths is not None
    assert at(316, 1).accepts(found.found.widths)


def test_what_rules_higher_resolutions_out_is_told() -> None:
    found = resnet18(Range(300, 448))
    assert found.ruled_out.keys() == {317, 318, 319, 320}
    assert found.ruled_out[320].startswith("At 320 px every MAC count is a multiple of 100;")
    assert "The width of conv1 must be 92" in found.ruled_out[318]


def test_no_resolution_is_possible_where_images_only_get_too_large() -> None:
    found = resnet18(Range(400, 448))
    assert found.found.widths is None
    assert found.found.is_proved


@pytest.mark.slow
def test_a_resolution_is_found_though_higher_ones_stay_open() -> None:
    found = resnet18(Range(224, 448), step=8, seconds=3)
    assert found.found.value is not None
    assert found.found.widths is not None
    assert at(int(found.found.value), 8).accepts(found.found.widths)
    assert found.found.is_proved == (not found.open)
    assert all(resolution > found.found.value for resolution in found.open)


def test_without_time_nothing_is_ruled_out_but_what_the_relaxation_rules_out() -> None:
    looked_at: list[int] = []

    def posed(resolution: int) -> WholeProblem:
        looked_at.append(resolution)
        return at(resolution, 8)

    found = largest_exact(posed, Range(225, 448), seconds=0)
    assert found.found.widths is None
    assert not found.found.is_proved
    assert found.found.bound == found.open[0] == 320
    assert found.open == tuple(range(320, 224, -1))
    assert len(looked_at) < 20
