from dataclasses import replace

import numpy as np
import pytest

from solver.engines.whole.largest import highest_possible, largest
from solver.engines.whole.problem import LinearBound, LinearForm, WholeProblem
from solver.variation.unknown import Range
from tests.solver.engines.whole.problems import answers, chain

RESOLUTIONS = Range(24, 48)
SIZES = np.array([6, 8, 10])


def at(resolution: int) -> WholeProblem:
    return chain(SIZES, tolerance=0.02, resolution=resolution)


def bounded(resolution: int) -> WholeProblem:
    """The first map has ``resolution²`` pixels for each of its channels."""
    form = LinearForm(0, np.array([resolution**2, 0, 0]))
    return replace(at(resolution), linear_bounds=[LinearBound(form, 4 * 30**2)])


@pytest.mark.parametrize("problem", [at, bounded])
def test_the_largest_resolution_has_an_answer_and_no_higher_one_has(problem: object) -> None:
    assert callable(problem)
    found = largest(problem, RESOLUTIONS, 60.0)
    able = [it for it in range(24, 49) if len(answers(problem(it)))]
    assert found.is_proved
    assert found.value == found.bound == max(able)
    assert found.widths is not None
    assert problem(max(able)).accepts(found.widths)


def test_the_relaxation_bounds_the_resolution_from_above() -> None:
    able = [it for it in range(24, 49) if len(answers(at(it)))]
    highest = highest_possible(at, RESOLUTIONS)
    assert highest is not None
    assert highest >= max(able)


def test_resolutions_are_tried_one_by_one_where_parameters_grow_with_the_image() -> None:
    """Here all resolutions below 40 have too few parameters in any widths."""

    def growing(resolution: int) -> WholeProblem:
        problem = chain(SIZES, tolerance=0.02, resolution=24)
        budget = problem.budgets[0]
        missing = max(0, 40 - resolution) * 10**6
        count = replace(budget.count, constant=budget.count.constant - missing)
        return replace(problem, budgets=[replace(budget, count=count)])

    assert highest_possible(growing, Range(24, 44)) == 44
    assert highest_possible(growing, Range(24, 39)) is None
    assert largest(growing, Range(24, 39), 60.0).is_proved
