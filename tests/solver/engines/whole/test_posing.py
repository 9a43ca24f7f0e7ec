"""Problems at one resolution: their counts are those of plain recounting."""

import numpy as np
import pytest

from solver.engines.whole.posing import Posing
from solver.network.counting import count
from solver.problem import Problem
from solver.variation.unknown import RESOLUTION
from tests.solver.factories import problem, shipped_network


def posing(name: str, **asked: object) -> Posing:
    return Posing(problem(shipped_network(name), approach="V", **{"budget": "both", **asked}))


def drawn(posed: Posing, resolution: int, seed: int) -> np.ndarray:
    """Some widths within their bounds."""
    at, random = posed.at(resolution), np.random.default_rng(seed)
    return random.integers(at.low, at.high + 1) * at.steps


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "pilotnet"])
@pytest.mark.parametrize("counted", ["flops", "macs"])
def test_counts_and_live_elements_are_those_of_the_network_with_these_widths(
    name: str, counted: str
) -> None:
    posed = posing(name, count=counted, widths={"step": 2})
    resolution = posed.problem.architecture.resolution + 9
    for seed in range(3):
        widths = drawn(posed, resolution, seed)
        expected = count(posed.template.architecture(posed.row(resolution, widths)))
        found = {it.name: int(it.count(widths)) for it in posed.at(resolution).budgets}
        assert found == {"params": expected.params, counted: getattr(expected, counted)}
        assert max(form(widths) for form in posed.live(resolution)) == expected.activations


def test_frozen_groups_are_constants_and_still_part_of_each_answer() -> None:
    posed = posing("resnet18", widths={"freeze": ["layer1.*"]})
    assert "conv1" not in posed.names
    row = posed.row(256, drawn(posed, 256, 0))
    assert tuple(row) == posed.template.assigned
    assert (row[RESOLUTION], row["conv1"], row["layer1.0.conv1"]) == (256, 64, 64)


def test_the_originals_resolution_is_left_out_unless_it_is_the_only_one() -> None:
    assert 224 not in posing("resnet18").resolutions
    assert posing("resnet18", ranges={"resolution": [224, 224]}).resolutions == [224]


def test_a_resolution_at_which_a_window_does_not_fit_has_no_widths() -> None:
    assert posing("squeezenet1_1", ranges={"resolution": [2, 2]}).at(2).is_empty


def test_bounds_on_parameters_and_bytes_are_part_of_the_problem() -> None:
    posed = posing("resnet18", budget="flops", max_params=10**7, max_activation_bytes=4 * 10**6)
    at = posed.at(256)
    assert at.budgets[1].band == (0, 10**7)
    assert {bound.most for bound in at.linear_bounds} == {10**6}


def test_a_bound_on_parameters_narrows_their_band() -> None:
    asked: Problem = posing("resnet18", tolerance=0.01, max_params=11_700_000).problem
    params, _ = Posing(asked).at(256).budgets
    assert params.band.high == 11_700_000
