import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.engines.whole.cuts import BoxForm
from solver.engines.whole.problem import Budgeted, WholeProblem
from solver.engines.whole.quadratic import Quadratic
from solver.engines.whole.relaxation import Relaxation
from solver.variation.unknown import Range
from tests.solver.engines.whole.problems import answers, problems


@settings(deadline=None, max_examples=30)
@given(problems())
def test_a_box_with_an_answer_is_never_ruled_out(problem: WholeProblem) -> None:
    relaxation = Relaxation(problem)
    for row in answers(problem):
        place = row // problem.steps
        assert relaxation.feasible(problem.low, problem.high)
        assert relaxation.feasible(np.maximum(place - 1, 1), place)
        assert relaxation.feasible(place, place)


@settings(deadline=None, max_examples=30)
@given(problems(), st.data())
def test_a_box_of_one_point_is_decided(problem: WholeProblem, data: st.DataObject) -> None:
    spans = zip(problem.low, problem.high, strict=True)
    place = np.array([data.draw(st.integers(low, high)) for low, high in spans])
    is_answer = problem.accepts(place * problem.steps)
    assert Relaxation(problem).feasible(place, place) == is_answer


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_a_cut_bounds_the_least_value_from_below_and_its_point_reaches_it(
    data: st.DataObject,
) -> None:
    n = data.draw(st.integers(1, 4))
    pairs = np.array([(i, j) for i in range(n) for j in range(i, n)])
    numbers = st.integers(-50, 50)
    linear = np.array(data.draw(st.lists(numbers, min_size=n, max_size=n)))
    size = len(pairs)
    products = np.array(data.draw(st.lists(numbers, min_size=size, max_size=size)))
    form = BoxForm(7, linear, pairs, products)
    twice, point = form.least()
    assert form.at(point, form.envelope(point)) * 2 == twice
    places = np.stack(np.meshgrid(*[np.linspace(0, 1, 5)] * n, indexing="ij"), -1).reshape(-1, n)
    for place in places:
        exact = place[pairs[:, 0]] * place[pairs[:, 1]]
        assert 2 * form.at(place, exact) >= twice - 1e-9


def test_two_budgets_that_hold_alone_are_ruled_out_together_by_the_price() -> None:
    """Width 1 is cheap in FLOPs only, width 2 in parameters only, and both must grow."""
    apart = np.array([[0, 1]])
    params = Quadratic(0, np.array([1, 5]), apart, np.array([1]))
    flops = Quadratic(0, np.array([10, 50]), apart, np.array([10]))
    problem = WholeProblem(
        24,
        ("one", "two"),
        np.array([10, 10]),
        np.array([1, 1]),
        np.array([5, 5]),
        np.array([20, 20]),
        [
            Budgeted("params", params, 160, Range(160, 160)),
            Budgeted("flops", flops, 1500, Range(1500, 1500)),
        ],
    )
    assert not Relaxation(problem).feasible(problem.low, problem.high)
    loose = Budgeted("flops", flops, 1500, Range(1400, 1600))
    wider = WholeProblem(24, problem.names, problem.original, problem.steps, problem.low,
                         problem.high, [problem.budgets[0], loose])  # fmt: skip
    assert Relaxation(wider).feasible(problem.low, problem.high)
