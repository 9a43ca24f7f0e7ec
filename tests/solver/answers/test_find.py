"""``find``: uniform samples and the best, by the fast engine and by CP-SAT alone."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy import stats

from solver.answers import search
from solver.answers.search import _Search, solve
from solver.answers.variants import Describer
from solver.constraints.budget import EqualBudget
from solver.engines.factored import TooManyError
from solver.network.counting import count, coverage, receptive_field
from solver.problem import Best, EnumeratedObjective, Problem, Sample, Settings
from solver.variation.numbers import Columns
from tests.solver.factories import (
    FLATTEN,
    GLOBAL_POOL,
    RELU,
    asked_of,
    conv,
    example,
    linear,
    network,
    pool,
    problem,
    questions_of_one,
    questions_of_two,
)

NAMES: tuple[EnumeratedObjective, ...] = get_args(EnumeratedObjective)
EVERYTHING = Settings(limit=1_000_000)
Row = tuple[int, ...]


@pytest.fixture(params=["tables", "CP-SAT alone"])
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Both ways of finding solutions."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param != "tables":
            patch.setattr(search, "factor", too_many)
        yield request.param


def too_many(*_: Any) -> None:
    raise TooManyError


def goodness(asked: Problem, name: EnumeratedObjective, row: Row) -> float:
    """How good one solution is, counted without columns."""
    it = _Search(asked)
    assignment = dict(zip(it.symbols, row, strict=True))
    variant = Describer(asked).architecture(assignment)
    counts = count(variant, count_pooling=asked.count_pooling)
    match name:
        case "nearest_budget":
            budgets = [item for item in it.constraints if isinstance(item, EqualBudget)]
            return -sum(abs(b.count(assignment) - b.target) / b.target for b in budgets)
        case "max_resolution":
            return variant.resolution
        case "max_receptive_field":
            return receptive_field(variant)
        case "max_coverage":
            return coverage(variant)
        case "min_flops":
            return -counts.flops
        case "min_params":
            return -counts.params


def ranked(asked: Problem, name: EnumeratedObjective) -> list[Row]:
    """All solutions, the best first; ties by resolution, then by the order of the unknowns."""
    rows = solve(asked, EVERYTHING).rows
    return sorted(rows, key=lambda row: (-round(goodness(asked, name, row), 9), -row[0], row))


def best(asked: Problem, name: EnumeratedObjective, top: int, diverse: bool = False) -> list[Row]:
    answer = solve(asked, Settings(find=Best(best=name, top=top, diverse=diverse)))
    assert answer.explanation is None
    return answer.rows


SMALL = {
    "resolution": [6, 8],
    "kernel_size": [2, 4],
    "stride": [1, 2],
    "padding": [0, 1],
    "pool_kernel_size": [2, 3],
    "pool_stride": [1, 2],
    "pool_padding": [0, 1],
    "out_channels": [1, 9],
}
HEAD = (FLATTEN, linear(5), RELU, linear(3))
POOLED = (conv(6, 2), pool(2, stride=1), conv(4, 2), GLOBAL_POOL)
GLOBAL = (conv(6, 1), GLOBAL_POOL, conv(6, 1))
PLAIN = (conv(6, 2), RELU, conv(4, 2))


def asked_for(layers: Any, resolution: int = 5, **asked: Any) -> Problem:
    return problem(network(*layers, *HEAD, resolution=resolution), ranges=SMALL, **asked)


PROBLEMS = {
    "IV": asked_for(POOLED, tolerance=0.3),
    "IV, coverage": asked_for(PLAIN, tolerance=0.4, min_coverage=0.9),
    "IV, flops": asked_for(PLAIN, budget="flops", tolerance=0.2),
    "III, both": asked_for(
        (pool(2, stride=1), *PLAIN), 6, approach="III", budget="both", tolerance=0.5
    ),
    "III, global pool behind": asked_for(GLOBAL, approach="III", tolerance=0.6),
    "II": problem(network(conv(6, 3, padding=1), conv(4, 2), *HEAD, resolution=5),
                  approach="II", budget="flops"),
    "I": problem(network(*PLAIN, *HEAD, resolution=5), approach="I", tolerance=0.1),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("asked", PROBLEMS.values(), ids=PROBLEMS)
def test_the_best_are_the_first_of_all_that_are_ranked(
    asked: Problem, name: EnumeratedObjective
) -> None:
    expected = ranked(asked, name)
    assert expected
    for top in (1, 7, 1_000):
        assert best(asked, name, top) == expected[:top]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("asked", PROBLEMS.values(), ids=PROBLEMS)
def test_cp_sat_alone_finds_the_same_best(
    asked: Problem, name: EnumeratedObjective, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = best(asked, name, 3)
    monkeypatch.setattr(search, "factor", too_many)
    answer = solve(asked, Settings(find=Best(best=name, top=3)))
    assert answer.rows == expected
    assert answer.outcome == "truncated"


@pytest.mark.slow
@hypothesis_settings(deadline=None, max_examples=40)
@given(data=st.data(), approach=st.sampled_from(["I", "II", "III", "IV"]))
def test_the_best_of_generated_problems_are_the_first_that_are_ranked(
    data: st.DataObject, approach: str
) -> None:
    drawn = data.draw(questions_of_two() if approach == "IV" else questions_of_one(approach))
    asked = asked_of(drawn)
    if 0 < solve(asked, EVERYTHING).found < 2_000:
        name = data.draw(st.sampled_from(NAMES))
        assert best(asked, name, 5) == ranked(asked, name)[:5]


def test_where_widths_are_too_many_for_groups_cp_sat_finds_the_best(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = PROBLEMS["I"]
    expected = best(asked, "min_flops", 3)
    monkeypatch.setattr("solver.engines.factored.windows.LARGEST_TABLE", 20)
    answer = solve(asked, Settings(find=Best(best="min_flops", top=3)))
    assert answer.rows == expected
    assert answer.found == search.tally(asked)


def test_groups_are_opened_until_nothing_better_can_be_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("solver.engines.factored.best.AT_ONCE", 1)
    for name in NAMES:
        asked = PROBLEMS["IV, flops"]
        assert best(asked, name, 5) == ranked(asked, name)[:5]


def test_diverse_answers_differ_in_a_third_of_their_unknowns(engine: str) -> None:
    for asked, distance in ((PROBLEMS["IV"], 3), (PROBLEMS["II"], 2), (PROBLEMS["I"], 1)):
        rows = best(asked, "max_resolution", 4, diverse=True)
        assert rows[0] == best(asked, "max_resolution", 1)[0]
        assert len(rows) == 4
        for i, left in enumerate(rows):
            for right in rows[:i]:
                assert sum(a != b for a, b in zip(left, right, strict=True)) >= distance


def test_diverse_answers_are_taken_from_the_best_down(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = PROBLEMS["IV"]
    taken: list[Row] = []
    for row in ranked(asked, "min_flops"):
        if all(sum(a != b for a, b in zip(row, it, strict=True)) >= 3 for it in taken):
            taken.append(row)
    assert len(taken) > 5
    assert best(asked, "min_flops", 5, diverse=True) == taken[:5]
    assert best(asked, "min_flops", 1_000, diverse=True) == taken
    monkeypatch.setattr(search, "factor", too_many)
    assert best(asked, "min_flops", 5, diverse=True) == taken[:5]


def test_an_answer_of_the_best_says_how_many_there_are() -> None:
    answer = solve(example().problem, Settings(find=Best(best="max_resolution", top=3)))
    assert (answer.outcome, answer.found, len(answer.rows)) == ("truncated", 1_556, 3)
    limited = Settings(find=Best(best="max_resolution", top=3), limit=2)
    assert solve(example().problem, limited).rows == answer.rows[:2]
    whole = Settings(find=Best(best="max_resolution", top=1_000))
    asked = PROBLEMS["II"]
    assert solve(asked, whole).outcome == "complete"


def test_best_of_nothing_is_infeasible_and_explained(engine: str) -> None:
    asked = problem(network(conv(4, 3), RELU, conv(4, 4)), ranges={"kernel_size": [3, 3]})
    for find in (Best(best="max_resolution"), Sample(sample=5)):
        answer = solve(asked, Settings(find=find))
        assert (answer.outcome, answer.found, answer.rows) == ("infeasible", 0, [])
        assert answer.explanation is not None


def thousand() -> Problem:
    """A problem of about a thousand solutions."""
    return example(ranges={"resolution": [6, 7]}).problem


def test_a_sample_is_uniform_over_all_solutions(engine: str) -> None:
    asked = thousand()
    everything = solve(asked, EVERYTHING).rows
    assert 800 < len(everything) < 1_200
    drawn: Counter[Row] = Counter()
    for seed in range(20):
        rows = solve(asked, Settings(find=Sample(sample=500, seed=seed))).rows
        assert len(set(rows)) == 500
        assert rows == sorted(rows)
        drawn.update(rows)
    assert set(drawn) <= set(everything)
    # each is in a sample of 500 with one chance, so the spread is that of 20 draws of it
    chance = 500 / len(everything)
    expected, variance = 20 * chance, 20 * chance * (1 - chance)
    squares = sum((drawn[row] - expected) ** 2 / variance for row in everything)
    assert 0.001 < stats.chi2.sf(squares, len(everything) - 1) < 0.999


@pytest.mark.slow
def test_a_sample_of_one_falls_anywhere(engine: str) -> None:
    asked = PROBLEMS["II"]
    everything = solve(asked, EVERYTHING).rows
    drawn = Counter(
        solve(asked, Settings(find=Sample(sample=1, seed=seed))).rows[0] for seed in range(240)
    )
    assert stats.chisquare([drawn[row] for row in everything]).pvalue > 0.001


def test_equal_seeds_draw_equal_samples_and_others_do_not() -> None:
    first, again, other = (
        solve(thousand(), Settings(find=Sample(sample=100, seed=seed))).rows for seed in (1, 1, 2)
    )
    assert first == again != other


def test_a_sample_is_no_larger_than_the_limit_or_than_what_there_is() -> None:
    asked = PROBLEMS["II"]
    everything = solve(asked, EVERYTHING).rows
    some = solve(asked, Settings(find=Sample(sample=20), limit=7))
    assert (some.outcome, len(some.rows), some.found) == ("truncated", 7, len(everything))
    whole = solve(asked, Settings(find=Sample(sample=1_000)))
    assert (whole.outcome, whole.rows) == ("complete", everything)


def test_solutions_are_counted_without_being_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    def listed(*_: Any) -> None:
        raise AssertionError("solutions were listed")

    monkeypatch.setattr("solver.engines.factored.solutions.Solutions._joined", listed)
    asked = example().problem
    assert search.tally(asked) == 1_556
    answer = solve(asked, Settings(find=Sample(sample=3)))
    assert (answer.found, len(answer.rows)) == (1_556, 3)


def test_costs_of_answers_are_those_of_their_networks() -> None:
    for asked in PROBLEMS.values():
        answer = solve(asked, EVERYTHING)
        describer = Describer(asked)
        costs = list(answer.table.rows(("params", "flops")))
        for assignment, cost in list(zip(answer.assignments(), costs, strict=True))[::5]:
            counts = describer.bare_counts(assignment)
            assert (counts.params, counts.flops) == cost


def test_columns_describe_many_variants_as_counting_describes_one() -> None:
    for asked in PROBLEMS.values():
        it, describer = _Search(asked), Describer(asked)
        rows = solve(asked, EVERYTHING).assignments()[::5]
        values = {symbol: np.array([row[symbol] for row in rows]) for symbol in it.symbols}
        for kind in (np.int64, object):
            columns = Columns(it.template, {s: v.astype(kind) for s, v in values.items()})
            fields = np.broadcast_to(columns.receptive_field, len(rows)).tolist()
            assert fields == [describer.receptive_field(row) for row in rows]
            params = np.broadcast_to(columns.params, len(rows)).tolist()
            assert params == [describer.bare_counts(row).params for row in rows]
