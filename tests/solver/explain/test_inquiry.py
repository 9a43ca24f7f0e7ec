"""Single questions to models: what is found, what is proved, and what is not known."""

import time

import pytest

from solver.answers import check
from solver.approaches import APPROACHES
from solver.constraints.coverage import MinCoverage
from solver.engines.full.model import UNKNOWN, Model, Optimum
from solver.explain.inquiry import Inquiry
from solver.variation.polynomial import Polynomial
from tests.solver.explain.factories import KEPT
from tests.solver.factories import PATIENCE, problem, two_convs

PAST = 0.0
"""A deadline on the monotonic clock."""


def parabola(deadline: float = float("inf")) -> Model:
    """``x`` and ``y`` in 0..5 with ``x² + y ≥ 7``."""
    model = Model(deadline)
    for symbol in ("x", "y"):
        model.declare(symbol, 0, 5)
    x, y = Polynomial.symbol("x"), Polynomial.symbol("y")
    model.cp.add(model.linear(x * x + y) >= 7)
    return model


def test_what_is_found_has_the_values_of_all_that_is_declared() -> None:
    model = parabola()
    assert model.find(10 * model["x"] + model["y"]) == Optimum({"x": 2, "y": 3}, True, 23)


def test_nothing_is_proved_to_be_there_or_not_known() -> None:
    model = parabola()
    model.cp.add(model["x"] + model["y"] <= 2)
    assert model.find() == Optimum(None, is_proved=True)
    assert model.find(model["x"]) == Optimum(None, is_proved=True)
    for objective in (False, True):
        late = parabola(PAST)
        assert late.find(late["x"] if objective else None) == UNKNOWN


def test_distinct_solutions_are_all_there_or_said_not_to_be() -> None:
    found, is_complete = parabola().distinct(["x"], most=10)
    assert sorted(it["x"] for it in found) == [2, 3, 4, 5]
    assert is_complete
    assert parabola().distinct(["x"], most=4)[1]
    found, is_complete = parabola().distinct(["x"], most=3)
    assert (len(found), is_complete) == (3, False)
    assert parabola(PAST).distinct(["x"], most=3) == ([], False)


def test_a_slack_is_shared_under_its_name() -> None:
    model = Model()
    assert model.slack("kernel_size up", 9) is model.slack("kernel_size up", 9)
    assert model.bounds("kernel_size up") == (0, 9)


def inquiry(min_coverage: float, seconds: float = PATIENCE, **ranges: list[int]) -> Inquiry:
    asked = problem(
        two_convs(), tolerance=1.0, min_coverage=min_coverage, ranges={**KEPT, **ranges}
    )
    return Inquiry(APPROACHES["IV"].constraints(asked), seconds)


class TestTablesOfCoverage:
    """A table is made where an answer without it does not do."""

    @pytest.fixture(autouse=True)
    def _count(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def post(constraint: MinCoverage, model: Model) -> None:
            self.tables += 1
            right(constraint, model)

        self.tables = 0
        right = MinCoverage.post
        monkeypatch.setattr(MinCoverage, "post", post)

    def test_not_where_there_is_nothing_without_it(self) -> None:
        asked = inquiry(1.0, kernel_size=[3, 3])
        assert asked.ask(asked.without(()), of=1) == Optimum(None, is_proved=True)
        assert self.tables == 0

    def test_not_where_what_is_found_covers_enough(self) -> None:
        asked = inquiry(1.0)
        assert asked.ask(asked.without(()), of=1).assignment is not None
        assert self.tables == 0

    def test_but_where_it_does_not(self) -> None:
        asked = inquiry(0.9, resolution=[9, 40], stride=[1, 6], padding=[0, 3])
        constraints = asked.without(())
        found = asked.ask(constraints, 1, lambda model: -1 * model["S1"])
        assert found.assignment is not None
        assert check.violations(constraints, found.assignment) == []
        assert (found.assignment["S1"], self.tables) == (4, 1)

    def test_nor_beyond_the_deadline(self) -> None:
        asked = inquiry(0.9, resolution=[9, 40])
        model = Model(PAST)
        for symbol, low, high in (("N", 9, 40), ("C1", 4, 4), ("P1", 0, 0), ("S1", 1, 1)):
            model.declare(symbol, low, high)
        (coverage,) = asked.groups["min_coverage"]
        with pytest.raises(TimeoutError):
            coverage.post(model)


def test_time_is_shared_by_the_questions_that_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    deadlines = []

    def find(model: Model, *_: object) -> Optimum:
        deadlines.append(model.deadline)
        return UNKNOWN

    monkeypatch.setattr(Model, "find", find)
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    asked = inquiry(0.0, seconds=12.0)
    for of in (4, 2, 1):
        asked.ask(asked.without(()), of=of)
    assert deadlines == [103.0, 106.0, 112.0]


def test_what_is_too_large_for_64_bits_is_not_known() -> None:
    asked = inquiry(0.0)

    def too_large(model: Model) -> int:
        raise OverflowError("64 bits")

    assert asked.ask(asked.without(()), 1, too_large) == UNKNOWN
