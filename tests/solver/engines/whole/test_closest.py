import numpy as np
import pytest
from hypothesis import given, settings

from solver.engines.progress import Progress
from solver.engines.whole.closest import closest, least_change, smallest_sum, squared_changes
from solver.engines.whole.problem import WholeProblem
from tests.solver.engines.whole.problems import answers, chain, problems

SECONDS = 60.0


@settings(deadline=None, max_examples=30)
@given(problems())
def test_no_answer_changes_less_than_the_proved_closest(problem: WholeProblem) -> None:
    rows, heard = answers(problem), list[Progress]()
    found = closest(problem, SECONDS, heard.append)
    assert found.is_proved
    if found.widths is None:
        assert not len(rows)
        return
    assert problem.accepts(found.widths)
    least = problem.changes(rows).min()
    assert found.value == found.bound == pytest.approx(least)
    assert found.value == problem.changes(found.widths)
    assert heard[-1].best == found.value


@settings(deadline=None, max_examples=30)
@given(problems())
def test_the_relaxation_bounds_the_change_from_below(problem: WholeProblem) -> None:
    rows, bound = answers(problem), least_change(problem)
    if len(rows):
        assert bound is not None
        assert bound <= problem.changes(rows).min() + 1e-9


@settings(deadline=None, max_examples=30)
@given(problems())
def test_no_answer_that_changes_little_has_a_smaller_sum(problem: WholeProblem) -> None:
    rows = answers(problem)
    if not len(rows):
        return
    known = rows[problem.changes(rows).argmin()]
    found = smallest_sum(problem, known, SECONDS)
    few = rows[problem.changes(rows) <= 1.05 * problem.changes(known) + 1e-9]
    assert found.is_proved
    assert found.widths is not None
    assert problem.accepts(found.widths)
    least = min(squared_changes(problem, row) for row in few)
    assert found.value == pytest.approx(least, abs=1e-5 * len(known))
    assert found.value == squared_changes(problem, found.widths)


def test_without_time_nothing_is_claimed() -> None:
    problem = chain(np.array([16, 24, 32]), tolerance=0.01, resolution=26)
    found = closest(problem, 0.0)
    assert not found.is_proved
    assert found.widths is None
    assert found.bound is not None
