from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.typical import TypicalWidths
from solver.variation.unknown import Range
from tests.solver.engines.whole.networks import LONG, chain
from tests.solver.engines.whole.problems import problems


def typical(problem: WholeProblem) -> TypicalWidths:
    found = TypicalWidths.of(problem)
    assert found is not None
    return found


@pytest.mark.parametrize("change", [1.3, 1.6, 2.0])
def test_mean_widths_have_the_counts_that_are_asked_for(change: float) -> None:
    problem = chain(LONG).near(change)
    widths = typical(problem).mean * problem.steps
    for budget in problem.budgets:
        assert budget.count(widths) == pytest.approx(budget.target, rel=1e-3)


def test_drawn_widths_lie_in_the_box_and_have_the_means_and_variances() -> None:
    problem = chain(LONG).near(1.3)
    found = typical(problem)
    drawn = found.draw(20_000, np.random.default_rng(0))
    assert ((drawn >= problem.low) & (drawn <= problem.high)).all()
    errors = (drawn.mean(axis=0) - found.mean) / np.sqrt(found.variance / len(drawn))
    assert np.abs(errors).max() < 4
    assert drawn.var(axis=0) == pytest.approx(found.variance, rel=0.1, abs=0.05)


def test_in_a_smaller_box_more_widths_are_near_a_side() -> None:
    tilts = [np.abs(typical(chain(LONG).near(it)).tilts).mean() for it in (1.3, 1.6, 2.0)]
    assert tilts == sorted(tilts, reverse=True)


def test_where_counts_are_out_of_reach_nothing_is_typical() -> None:
    assert TypicalWidths.of(chain(LONG).near(1.01)) is None


def test_a_count_with_a_band_is_led_into_it() -> None:
    exact = chain(LONG)
    params, macs = exact.budgets
    band = Range(int(0.8 * macs.target), int(0.9 * macs.target))
    problem = replace(exact, budgets=[params, replace(macs, band=band)])
    count = macs.count(typical(problem).mean * problem.steps)
    assert band.low * 0.999 <= count <= band.high * 1.001


@given(problems(tolerance=0.0), st.integers(0, 9))
def test_drawn_and_chosen_widths_of_small_problems_lie_in_the_box(
    problem: WholeProblem, seed: int
) -> None:
    found, random = TypicalWidths.of(problem), np.random.default_rng(seed)
    if found is None:
        return
    drawn = found.draw(20, random)
    assert ((drawn >= problem.low) & (drawn <= problem.high)).all()
    steps = np.arange(problem.low[0], problem.high[0] + 1)
    assert found.choose(0, steps, random) in steps
