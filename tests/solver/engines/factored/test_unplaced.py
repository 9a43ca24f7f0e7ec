"""Constraints that the fast engine has no place for: the full model answers, nothing is dropped."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from solver.answers.search import find, solve, tally
from solver.approaches import APPROACHES
from solver.approaches.base import Approach
from solver.constraints.base import Constraint
from solver.constraints.ranges import WithinRange
from solver.constraints.widths import DivisibleByGroups
from solver.engines.factored import NotFactoredError, factor
from solver.engines.factored.arrays import Flags
from solver.engines.full.enumerated import Listed
from solver.engines.full.model import Model
from solver.network.architecture import Architecture
from solver.problem import Problem
from solver.variation.numbers import Columns
from solver.variation.template import Assignment
from solver.variation.unknown import Range, Role, Unknown
from tests.solver.factories import ALL, conv, network, problem

SMALL = {"resolution": (8, 10), "kernel_size": (2, 4), "stride": (1, 2), "padding": (0, 1)}


@dataclass(frozen=True)
class SumAtMost(Constraint):
    """The sum of some unknowns has a bound; of none, it is 0."""

    symbols: tuple[str, ...]
    most: int
    told: bool = True
    """Whether it says what it reads."""

    @property
    def name(self) -> str:
        return f"{' + '.join(self.symbols)} <= {self.most}"

    @property
    def reads(self) -> frozenset[str] | None:
        return frozenset(self.symbols) if self.told else None

    def post(self, model: Model) -> None:
        total = model.cp.new_int_var(0, 10**6, self.name)
        model.cp.add(total == sum(model[it] for it in self.symbols))
        model.cp.add(total <= self.most)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        if sum(assignment[it] for it in self.symbols) > self.most:
            yield self.name

    def holds(self, rows: Columns) -> Flags:
        if not self.symbols:
            return np.full(len(rows), self.most >= 0)
        total: Flags = sum(rows[it] for it in self.symbols) <= self.most
        return total


def ask_for(monkeypatch: pytest.MonkeyPatch, more: Constraint) -> None:
    """Let approaches ask for one constraint more."""
    given = Approach.constraints
    monkeypatch.setattr(Approach, "constraints", lambda *asked: [*given(*asked), more])


def by_hand(asked: Problem, *more: Constraint) -> list[tuple[int, ...]]:
    """What is left of the answer without the constraints."""
    answer = solve(asked, ALL)
    return [
        row
        for row, assignment in zip(answer.rows, answer.assignments(), strict=True)
        if not any(True for rule in more for _ in rule.violations(assignment))
    ]


def asked_of(approach: str, original: Architecture | None = None, **asked: Any) -> Problem:
    default = network(conv(6, 2), conv(4, 2), resolution=7)
    return problem(original or default, approach=approach, tolerance=0.5, ranges=SMALL, **asked)


PLACED = {
    "a stride alone": ("IV", SumAtMost(("S1",), 1)),
    "a stride and a padding": ("IV", SumAtMost(("P1", "S1"), 2)),
    "a resolution alone": ("IV", SumAtMost(("N",), 9)),
    "a resolution and the first window": ("III", SumAtMost(("N", "C1", "S1"), 13)),
    "the second window": ("IV", SumAtMost(("C2", "P2", "S2"), 4)),
    "a second range": ("IV", WithinRange(
        Unknown("S1", "conv1", "stride", Role.STRIDE, "stride"), Range(2, 5)
    )),
    "a multiple that is not the width's": ("IV", DivisibleByGroups("C1", 2)),
    "the dilation": ("II", SumAtMost(("S1", "D1"), 3)),
}  # fmt: skip
UNPLACED = {
    "it reads nothing": ("IV", SumAtMost((), 0)),
    "it does not say what it reads": ("IV", SumAtMost(("N", "C2"), 11, told=False)),
    "it reads both windows": ("IV", SumAtMost(("C1", "C2"), 5)),
    "it reads the resolution and the second window": ("III", SumAtMost(("N", "Sp"), 10)),
    "it reads the width": ("IV", SumAtMost(("K1",), 5)),
    "it reads the width and a kernel": ("III", SumAtMost(("K1", "C1"), 8)),
    "a multiple of something is left over": ("IV", DivisibleByGroups("K1", 3, 1)),
}


@pytest.mark.parametrize(("approach", "more"), [*PLACED.values(), *UNPLACED.values()],
                         ids=[*PLACED, *UNPLACED])  # fmt: skip
def test_no_constraint_is_ignored(
    approach: str, more: Constraint, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asked_of(approach)
    expected = by_hand(asked, more)
    assert len(expected) > 0
    ask_for(monkeypatch, more)
    asked = asked_of(approach)
    found, report = find(asked)
    assert report.status == "OPTIMAL"
    rows = [*zip(*(column.tolist() for column in found.all().values()), strict=True)]
    assert rows == expected
    assert found.count == tally(asked) == len(expected)
    answer = solve(asked, ALL)
    assert (answer.rows, answer.found, answer.outcome) == (expected, len(expected), "complete")


@pytest.mark.parametrize(("approach", "more"), UNPLACED.values(), ids=UNPLACED)
def test_what_has_no_place_is_refused_and_left_to_the_full_model(
    approach: str, more: Constraint, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_for(monkeypatch, more)
    asked, way = asked_of(approach), APPROACHES[approach]
    with pytest.raises(NotFactoredError):
        factor(asked.template, way.constraints(asked), way.width, 30.0)
    assert isinstance(find(asked)[0], Listed)


def test_a_third_window_is_refused() -> None:
    asked = asked_of("IV", network(conv(6, 2), conv(4, 2), conv(3, 2), resolution=7))
    template = asked.template
    third = [
        Unknown("S3", "conv3", "stride", Role.STRIDE, "stride"),
        Unknown("P3", "conv3", "padding", Role.PADDING, "padding"),
    ]
    wider = replace(
        template,
        unknowns=(*template.unknowns, *third),
        places={**template.places, "conv3": 2},
    )
    vars(asked)["template"] = wider
    rules = APPROACHES["IV"].constraints(asked)
    rules += [WithinRange(it, Range(0, 2)) for it in third]
    with pytest.raises(NotFactoredError, match="more than two windows"):
        factor(wider, rules, "K1", 30.0)


def test_a_width_that_is_not_the_width_is_refused() -> None:
    asked, way = asked_of("IV"), APPROACHES["IV"]
    for width in ("C2", None):
        with pytest.raises(NotFactoredError):
            factor(asked.template, way.constraints(asked), width, 30.0)


def test_constraints_of_another_network_are_refused() -> None:
    asked, way = asked_of("IV"), APPROACHES["IV"]
    other = asked_of("IV", network(conv(6, 2), conv(4, 3), resolution=7))
    with pytest.raises(NotFactoredError, match="different networks"):
        factor(asked.template, way.constraints(other), "K1", 30.0)


def test_groups_of_channels_of_several_layers_leave_something_over() -> None:
    """3 + 1 channels in two groups: ``K1' + 1`` is even."""
    original = network(
        conv(3, 2, name="conv1"),
        conv(1, 1, name="one"),
        {"type": "concat", "name": "both", "inputs": ["conv1", "one"]},
        conv(4, 2, groups=2), resolution=6,
    )  # fmt: skip
    asked = problem(original, approach="III", tolerance=1.0, ranges={**SMALL, "resolution": (7, 9)})
    widths = {row["K1"] for row in solve(asked, ALL).assignments()}
    assert widths
    assert all(width % 2 for width in widths)
