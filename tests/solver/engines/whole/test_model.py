from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings

from solver.engines.whole.model import accepts, solve_in_box
from solver.engines.whole.problem import Budgeted, WholeProblem
from solver.engines.whole.quadratic import Quadratic
from solver.variation.unknown import Range
from tests.solver.engines.whole.problems import all_widths, answers, problems


@settings(deadline=None, max_examples=30)
@given(problems())
def test_cp_sat_accepts_exactly_what_the_problem_accepts(problem: WholeProblem) -> None:
    outside = (problem.high + 1) * problem.steps
    off_step = problem.low * problem.steps + (problem.steps > 1)
    rows = [*all_widths(problem)[:5], *answers(problem)[:3], outside, off_step]
    for row in rows:
        assert accepts(problem, row) == problem.accepts(row)


@settings(deadline=None, max_examples=30)
@given(problems())
def test_a_box_is_solved_or_proved_to_be_empty(problem: WholeProblem) -> None:
    solved = solve_in_box(problem)
    assert solved.is_proved
    if solved.widths is None:
        assert not len(answers(problem))
    else:
        assert problem.accepts(solved.widths)


def test_counts_that_exceed_64_bits_are_refused() -> None:
    count = Quadratic(0, np.array([0]), np.array([[0, 0]]), np.array([2**40]))
    wide = np.array([2**11])
    budget = Budgeted("flops", count, 2**62, Range(2**62, 2**62))
    problem = WholeProblem(24, ("conv1",), wide, np.array([1]), wide // 2, wide, [budget])
    with pytest.raises(OverflowError, match="the flops are too many for 64 bits"):
        solve_in_box(problem)


def test_a_hint_outside_the_box_does_no_harm() -> None:
    count = Quadratic(0, np.array([3]), np.zeros((0, 2), np.int64), np.zeros(0, np.int64))
    budget = Budgeted("params", count, 12, Range(12, 12))
    problem = WholeProblem(
        24, ("fc",), np.array([4]), np.array([1]), np.array([2]), np.array([8]), [budget]
    )
    found = [solve_in_box(problem, np.array([hint])).widths for hint in (1, 4, 900)]
    assert [list(widths) for widths in islice(found, 3) if widths is not None] == [[4]] * 3
