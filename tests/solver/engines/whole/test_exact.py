from itertools import islice, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.engines.whole.centre import box_centre, centres
from solver.engines.whole.equations import Equations
from solver.engines.whole.exact import ExactSearch
from solver.engines.whole.expected import expected_answers
from solver.engines.whole.independent import independent
from solver.engines.whole.problem import Budgeted, WholeProblem
from solver.engines.whole.roundings import rounded, solvable
from solver.variation.unknown import Range
from tests.solver.engines.whole.networks import LONG, chain
from tests.solver.engines.whole.problems import all_widths, answers, problems
from tests.solver.factories import PATIENCE


@pytest.mark.parametrize("budgets", [1, 2])
@pytest.mark.parametrize("step", [1, 2])
def test_answers_of_one_budget_and_of_both_are_accepted(budgets: int, step: int) -> None:
    problem = chain(LONG, budgets, step)
    found = list(islice(ExactSearch(problem).stream(PATIENCE), 50))
    assert len(found) == 50
    assert len({row.tobytes() for row in found}) == 50
    assert all(problem.accepts(row) for row in found)


def test_the_same_seed_finds_the_same_answers_and_another_finds_others() -> None:
    problem = chain(LONG)
    first, again, other = (
        [row.tolist() for row in islice(ExactSearch(problem, seed).stream(PATIENCE), 20)]
        for seed in (3, 3, 4)
    )
    assert first == again
    assert first != other


@settings(deadline=None, max_examples=30)
@given(problems(tolerance=0.0), st.integers(0, 9))
def test_what_is_found_on_small_problems_is_an_answer(problem: WholeProblem, seed: int) -> None:
    accepted = {row.tobytes() for row in answers(problem)}
    for widths in ExactSearch(problem, seed).stream(0.02):
        assert widths.tobytes() in accepted


def test_an_answer_in_a_smaller_box_stays_in_it() -> None:
    problem = chain(LONG)
    box = problem.near(1.5)
    widths = ExactSearch(problem).find(PATIENCE, box)
    assert widths is not None
    assert problem.changes(widths) <= 1.5


def test_a_budget_with_a_band_is_respected_beside_an_exact_one() -> None:
    exact = chain(LONG)
    params, macs = exact.budgets
    band = Range(int(0.99 * macs.target), int(1.01 * macs.target))
    loose = Budgeted(macs.name, macs.count, macs.target, band)
    problem = WholeProblem(
        24, exact.names, exact.original, exact.steps, exact.low, exact.high, [params, loose]
    )
    widths = ExactSearch(problem).find(PATIENCE)
    assert widths is not None
    assert problem.accepts(widths)


def test_nothing_is_searched_where_congruences_rule_answers_out() -> None:
    problem = chain(LONG)
    odd = [
        Budgeted(it.name, it.count, it.target + 1, Range(it.target + 1, it.target + 1))
        for it in problem.budgets
    ]
    odd_problem = WholeProblem(
        24, problem.names, problem.original, problem.steps, problem.low, problem.high, odd
    )
    search = ExactSearch(odd_problem)
    assert search.residues.impossible
    assert search.find(PATIENCE) is None


@given(problems(tolerance=0.0), st.integers(0, 99))
def test_no_two_independent_groups_are_multiplied(problem: WholeProblem, seed: int) -> None:
    free = independent(problem, np.random.default_rng(seed), 1.0)
    assert not problem.neighbours[np.ix_(free, free)].any()


def test_of_roundings_the_most_promising_come_first() -> None:
    problem = chain(LONG)
    around = next(centres(problem))
    free = independent(problem, np.random.default_rng(0), 0.25)
    steps = rounded(problem, around, free, 0.03, 64, np.random.default_rng(0))
    promises = [it for it, _ in solvable(problem, Equations.of(problem), steps, free)]
    assert len(promises) > 1
    assert promises == sorted(promises, reverse=True)


def test_searches_start_near_the_original_and_then_amid_the_box_in_turn() -> None:
    problem = chain(LONG)
    starts = list(islice(centres(problem), 4))
    amid = box_centre(problem)
    assert amid is not None
    assert starts[0].tolist() == starts[2].tolist()
    assert starts[1].tolist() == starts[3].tolist() == amid.widths.tolist()
    near, far = (np.abs(np.log(it / problem.original)) for it in starts[:2])
    assert (near**2).sum() < (far**2).sum()
    for start, budget in product(starts, problem.budgets):
        assert budget.count(start) == pytest.approx(budget.target, rel=1e-3)


def test_the_expected_number_of_answers_is_about_the_true_one() -> None:
    problem = chain([6, 9, 8, 10], budgets=1)
    true = problem.accepted(all_widths(problem)).sum()
    assert abs(expected_answers(problem) - np.log10(true)) < 0.3


def test_few_answers_are_expected_of_few_groups_and_many_of_many() -> None:
    assert expected_answers(chain([16, 32, 64, 64])) < 0 < expected_answers(chain(LONG)) - 5
