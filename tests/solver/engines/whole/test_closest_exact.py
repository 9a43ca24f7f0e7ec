import time
from itertools import count

import pytest
from hypothesis import given, settings

from solver.engines.whole.closest import squared_changes
from solver.engines.whole.closest_exact import closest_exact, smallest_sum_exact
from solver.engines.whole.problem import WholeProblem
from tests.solver.engines.whole.networks import LONG, at, chain
from tests.solver.engines.whole.problems import answers, problems


@settings(deadline=None, max_examples=30)
@given(problems(tolerance=0.0))
def test_no_answer_is_closer_than_the_bound_or_than_what_is_proved(problem: WholeProblem) -> None:
    accepted = answers(problem)
    *_, last = closest_exact(problem, 0.05, clock=time.process_time)
    if not len(accepted):
        assert last.widths is None
        return
    least = problem.changes(accepted).min()
    assert not last.is_proved or last.value == pytest.approx(least)
    assert last.bound is not None
    assert last.bound <= least * (1 + 1e-9)


def test_each_answer_is_closer_than_the_one_before_and_the_closest_is_proved() -> None:
    problem = chain(LONG)
    found = list(closest_exact(problem, 5, clock=time.process_time))
    values = [it.value for it in found if it.value is not None]
    assert len(values) == len(found)
    assert values == sorted(set(values), reverse=True)
    for it in found:
        assert it.widths is not None
        assert problem.accepts(it.widths)
        assert problem.changes(it.widths) == pytest.approx(it.value)
        assert it.value is not None
        assert it.others is not None
        assert problem.accepted(it.others).all()
        assert (problem.changes(it.others) >= it.value).all()
    assert all(it.bound is not None and it.bound <= values[-1] for it in found)


def test_in_boxes_with_most_widths_at_a_side_answers_are_found() -> None:
    """With this seed, and as many looks at the clock, searches around centres end at 1.6."""
    looks = count()
    *_, last = closest_exact(at(256, 8, "vgg16"), 4, clock=lambda: next(looks) / 50)
    assert last.value is not None
    assert last.value < 1.55


def test_the_smallest_sum_stays_near_the_known_change_and_is_no_larger_than_before() -> None:
    problem = chain(LONG)
    known = next(iter(closest_exact(problem, 5, clock=time.process_time))).widths
    assert known is not None
    found = smallest_sum_exact(problem, known, 0.3, clock=time.process_time)
    assert found.widths is not None
    assert problem.accepts(found.widths)
    assert problem.changes(found.widths) <= 1.05 * problem.changes(known)
    assert found.value == pytest.approx(squared_changes(problem, found.widths))
    assert squared_changes(problem, found.widths) <= squared_changes(problem, known)
