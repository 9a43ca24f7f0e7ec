import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.engines.whole.problem import LinearForm, WholeProblem
from solver.engines.whole.smallest_activations import smallest_activations
from tests.solver.engines.whole.problems import answers, numbers, problems


@settings(deadline=None, max_examples=30)
@given(problems(), st.data())
def test_no_answer_has_a_lower_peak(problem: WholeProblem, data: st.DataObject) -> None:
    n = len(problem.names)
    columns = st.lists(numbers, min_size=n, max_size=n)
    live = [
        LinearForm(constant, np.array(column, np.int64))
        for constant, column in data.draw(st.lists(st.tuples(numbers, columns), min_size=1))
    ]
    rows, found = answers(problem), smallest_activations(problem, live, 60.0)
    assert found.is_proved
    if found.widths is None:
        assert not len(rows)
        return
    assert problem.accepts(found.widths)
    peaks = [max(form(row) for form in live) for row in rows]
    assert found.value == found.bound == min(peaks)
