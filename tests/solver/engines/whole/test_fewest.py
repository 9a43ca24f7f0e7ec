import pytest
from hypothesis import given, settings

from solver.engines.whole.fewest import fewest_changes
from solver.engines.whole.problem import WholeProblem
from tests.solver.engines.whole.problems import answers, problems


@settings(deadline=None, max_examples=30)
@given(problems())
def test_no_answer_changes_fewer_widths_or_as_many_by_less(problem: WholeProblem) -> None:
    rows, found = answers(problem), fewest_changes(problem, 60.0)
    assert found.is_proved
    if found.widths is None:
        assert not len(rows)
        return
    numbers = (rows != problem.original).sum(axis=1)
    assert problem.accepts(found.widths)
    assert found.value == found.bound == numbers.min()
    least = problem.changes(rows[numbers == numbers.min()]).min()
    assert problem.changes(found.widths) == pytest.approx(least, rel=1e-5)
