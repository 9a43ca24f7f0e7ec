import time
from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.engines.whole.centre import box_centre
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Ints
from solver.engines.whole.residues import Residues
from solver.engines.whole.tight import TightSearch
from tests.solver.engines.whole.networks import LONG, at, chain
from tests.solver.engines.whole.problems import answers, problems
from tests.solver.factories import PATIENCE


def found_in(
    problem: WholeProblem, box: WholeProblem, seed: int = 0, seconds: float = PATIENCE
) -> Iterator[Ints]:
    """Answers in a box around its centre."""
    amid = box_centre(box)
    around = problem.original.astype(float) if amid is None else amid.widths
    search = TightSearch(problem, Residues.of(problem), seed, time.monotonic)
    return search.batches(box, around, seconds)


@pytest.mark.parametrize("change", [1.3, 1.4])
@pytest.mark.parametrize("budgets", [1, 2])
def test_answers_lie_in_the_small_box(change: float, budgets: int) -> None:
    problem = chain(LONG, budgets)
    box = problem.near(change)
    found = [*islice(found_in(problem, box), 5)]
    assert len(found) == 5
    for rows in found:
        assert box.accepted(rows).all()
        changes = problem.changes(rows)
        assert (changes <= change + 1e-9).all()
        assert changes.tolist() == sorted(changes)


def test_the_same_seed_finds_the_same_answers_and_another_finds_others() -> None:
    problem = chain(LONG)
    box = problem.near(1.4)
    first, again, other = (
        [rows.tolist() for rows in islice(found_in(problem, box, seed), 5)] for seed in (3, 3, 4)
    )
    assert first == again
    assert first != other


def test_widths_that_congruences_force_are_kept() -> None:
    problem = at(256, 1)
    residues = Residues.of(problem)
    assert residues.allowed
    box = residues.box(problem.near(1.3))
    rows = next(found_in(problem, box))
    for group, steps in residues.allowed.items():
        assert set(rows[:, group] // problem.steps[group]) <= set(steps.tolist())


def test_a_box_without_room_has_no_answers() -> None:
    problem = chain(LONG)
    assert not [*found_in(problem, problem.near(1.01))]


@settings(deadline=None, max_examples=30)
@given(problems(tolerance=0.0), st.integers(0, 9))
def test_what_is_found_on_small_problems_is_an_answer(problem: WholeProblem, seed: int) -> None:
    accepted = {row.tobytes() for row in answers(problem)}
    for rows in found_in(problem, problem, seed, 0.02):
        assert {row.tobytes() for row in rows} <= accepted
