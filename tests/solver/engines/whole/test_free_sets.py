import numpy as np

from solver.engines.whole.free_sets import BEST, LIKELY, FreeSets
from tests.solver.engines.whole.networks import LONG, chain

PROBLEM = chain(LONG)
ROOM = np.log2(PROBLEM.high - PROBLEM.low + 1)


def test_every_other_set_is_one_of_the_best_known() -> None:
    sets = FreeSets((), np.random.default_rng(0))
    for place in range(BEST):
        new = sets.next(PROBLEM, ROOM)
        new.note(PROBLEM.low, 0.5, is_answered=True)
        known = sets.next(PROBLEM, ROOM)
        assert known.value > 0
        known.note(PROBLEM.low, 0.0, is_answered=False)
        assert place or known is new


def test_answers_make_a_set_better_than_chances_and_failures_worse() -> None:
    sets = FreeSets((), np.random.default_rng(0))
    fresh = sets.next(PROBLEM, ROOM)
    assert fresh.value == 0
    fresh.note(PROBLEM.low, 1.0, is_answered=False)
    by_chance = fresh.value
    fresh.note(PROBLEM.low, 1.0, is_answered=True)
    assert fresh.value > by_chance > 0
    answered = fresh.value
    fresh.note(PROBLEM.low, 0.0, is_answered=False)
    assert fresh.value < answered


def test_no_two_groups_of_a_set_are_multiplied() -> None:
    sets = FreeSets((), np.random.default_rng(0))
    for _ in range(20):
        groups = sets.next(PROBLEM, ROOM).groups
        assert not PROBLEM.neighbours[np.ix_(groups, groups)].any()


def test_a_rounding_is_new_once() -> None:
    free = FreeSets((), np.random.default_rng(0)).next(PROBLEM, ROOM)
    assert free.is_new(PROBLEM.low)
    assert not free.is_new(PROBLEM.low.copy())
    assert free.is_new(PROBLEM.high)


def test_half_of_drawn_roundings_become_like_the_likeliest_but_in_few_groups() -> None:
    random = np.random.default_rng(0)
    free = FreeSets((), random).next(PROBLEM, ROOM)
    drawn = np.repeat(PROBLEM.low[None], 200, axis=0)
    assert (free.like_likely(drawn, random) == drawn).all()
    for place in range(LIKELY):
        free.note(PROBLEM.high - place, 0.9, is_answered=False)
    free.note(PROBLEM.low + 1, 0.1, is_answered=False)
    made = free.like_likely(drawn, random)
    likely = {steps.tobytes() for steps in PROBLEM.high - np.arange(LIKELY)[:, None]}
    changed = made[:100] == PROBLEM.low
    assert 1 < changed.sum(axis=1).mean() < 3
    assert all(steps.tobytes() in likely for steps in made[:100][~changed.any(axis=1)])
    assert (made[100:] == drawn[100:]).all()
