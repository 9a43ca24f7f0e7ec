"""Networks, problems and models, with good defaults; questions, drawn and answered."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from app import shipped
from solver.answers.search import find, solve
from solver.answers.variants import Answer, Describer
from solver.approaches import APPROACHES
from solver.constraints.base import Constraint
from solver.constraints.ranges import WithinRange
from solver.engines.full.model import Model
from solver.network.architecture import Architecture
from solver.network.counting import count
from solver.problem import Problem, Settings, SolveRequest
from solver.variation.numbers import Columns
from solver.variation.polynomial import Polynomial
from solver.variation.template import Template
from solver.variation.unknown import RESOLUTION, Range, Role, Unknown
from tests import exhaustive
from tests.exhaustive import Asked
from tests.strategies import (
    one_convolution,
    ranges_of_one_convolution,
    small_ranges,
    two_convolutions,
)

RELU = {"type": "relu"}
NORM = {"type": "batch_norm2d"}
GLOBAL_POOL = {"type": "global_avg_pool2d"}
FLATTEN = {"type": "flatten"}

PATIENCE = 600.0
"""Seconds for an explanation: a busy machine must not change it."""


ALL = Settings(limit=1_000_000, time_limit=600.0)
TOLERANCES = {"exact": ("0", "0"), "symmetric": ("0.1", "0.1"), "below": ("0.2", "0"),
              "above": ("0", "0.2"), "wide": ("0.8", "1")}  # fmt: skip

Bounds = Mapping[str, tuple[int, int]]


def conv(out_channels: int = 4, kernel_size: int = 3, **fields: Any) -> dict[str, Any]:
    return {
        "type": "conv2d",
        "out_channels": out_channels,
        "kernel_size": kernel_size,
        "bias": False,
        **fields,
    }


def pool(kernel_size: int = 2, kind: str = "max", **fields: Any) -> dict[str, Any]:
    return {"type": f"{kind}_pool2d", "kernel_size": kernel_size, **fields}


def linear(out_features: int = 10, **fields: Any) -> dict[str, Any]:
    return {"type": "linear", "out_features": out_features, **fields}


def network(*layers: Any, resolution: int = 8, channels: int = 1) -> Architecture:
    return Architecture.model_validate(
        {"input": {"channels": channels, "resolution": resolution}, "layers": list(layers)}
    )


def two_convs(resolution: int = 8) -> Architecture:
    return network(conv(4, 3), RELU, conv(4, 4), resolution=resolution)


def problem(architecture: Architecture, **asked: Any) -> Problem:
    return Problem.model_validate(
        {"architecture": architecture, "approach": "IV", "budget": "params", **asked}
    )


def template(architecture: Architecture) -> Template:
    return APPROACHES["IV"].template(architecture)


def sides_of(built: Template) -> list[Polynomial]:
    """The side of each tensor, from the image on."""
    return [built.symbols.side(tensor) for tensor in range(len(built.layers) + 1)]


def unknown(symbol: str, role: Role = Role.STRIDE, range_: str = "stride") -> Unknown:
    """Some unknown."""
    return Unknown(symbol, "conv1", range_, role, range_)


def posted(constraints: Sequence[Constraint], bounds: Bounds) -> set[tuple[int, ...]]:
    """What CP-SAT finds within these bounds, by the symbols in their order."""
    model = Model()
    for symbol, (low, high) in bounds.items():
        WithinRange(unknown(symbol), Range(low, high)).post(model)
    for constraint in constraints:
        constraint.post(model)
    found, report = model.enumerate(tuple(bounds), time_limit=60.0, most=1_000_000)
    rows = [tuple(row) for row in found.tolist()]
    assert report.status in ("OPTIMAL", "INFEASIBLE")
    assert len(rows) == len(set(rows)), "an auxiliary variable is no function of the unknowns"
    return set(rows)


def held(constraints: Sequence[Constraint], bounds: Bounds) -> set[tuple[int, ...]]:
    """What the truth tests accept within these bounds, one by one and all at once alike."""
    accepted = [
        not any(True for rule in constraints for _ in rule.violations(assignment))
        for assignment in assignments(bounds)
    ]
    rows = list(assignments(bounds))
    together = columns(constraints, rows)
    at_once = np.logical_and.reduce([rule.holds(together) for rule in constraints])
    assert at_once.tolist() == accepted
    return {tuple(row.values()) for row, is_held in zip(rows, accepted, strict=True) if is_held}


def columns(constraints: Sequence[Constraint], rows: Sequence[Mapping[str, int]]) -> Columns:
    """Assignments as columns, of the template that one of the constraints knows."""
    known = (getattr(rule, "template", None) for rule in constraints)
    chosen = next((it for it in known if it is not None), template(two_convs()))
    values = {symbol: np.array([row[symbol] for row in rows]) for symbol in rows[0]}
    return Columns(chosen, {RESOLUTION: np.ones(len(rows), np.int64), **values})


def assignments(bounds: Bounds) -> Iterator[dict[str, int]]:
    for row in product(*(range(low, high + 1) for low, high in bounds.values())):
        yield dict(zip(bounds, row, strict=True))


def is_feasible(constraints: Sequence[Constraint], assignment: Mapping[str, int]) -> bool:
    """Whether CP-SAT accepts one assignment."""
    model = Model()
    for symbol, value in assignment.items():
        model.declare(symbol, value, value)
    for constraint in constraints:
        constraint.post(model)
    return model.find().assignment is not None


def example(**changes: Any) -> SolveRequest:
    return SolveRequest.model_validate({**shipped.example("digits-search"), **changes})


def asked_of(asked: Asked) -> Problem:
    return problem(
        asked.original,
        approach=asked.approach,
        budget=asked.budget,
        scope=asked.scope,
        tolerance={"below": float(asked.below), "above": float(asked.above)},
        ranges=dict(asked.ranges),
        count_pooling=asked.count_pooling,
        min_coverage=float(asked.min_coverage),
        kernel_grows=asked.kernel_grows,
    )


def assert_equivalent(asked: Asked) -> Answer:
    """CP-SAT's complete answer is what trying everything gives, in order."""
    answer = solve(asked_of(asked), ALL)
    expected = sorted(exhaustive.rows(asked))
    assert answer.rows == expected
    assert answer.found == len(expected)
    assert answer.outcome == ("complete" if expected else "infeasible")
    return answer


@st.composite
def questions_of_two(draw: st.DrawFn) -> Asked:
    original = draw(two_convolutions())
    fractions = st.sampled_from(["0", "0.1", "0.35", "0.8", "1"])
    layers = iter(layer.type for layer in original.layers)
    pool_before = any("pool" in kind for kind in kinds_before("conv2d", layers))
    return Asked(
        original,
        budget=draw(st.sampled_from(["params", "flops", "both"])),
        scope=draw(st.sampled_from(["network", "paper"])),
        below=draw(fractions),
        above=draw(fractions),
        ranges=draw(small_ranges(original)),
        count_pooling=draw(st.booleans()),
        min_coverage="0" if pool_before else draw(st.sampled_from(["0", "0", "0.6", "1"])),
    )


@st.composite
def questions_of_one(draw: st.DrawFn, approach: str) -> Asked:
    original = draw(one_convolution())
    assume(APPROACHES[approach].misfit(original) is None)
    fractions = st.sampled_from(["0", "0.1", "0.35", "0.8", "1"])
    kinds = list(kinds_before("conv2d", (layer.type for layer in original.layers)))
    pool_before = any("pool" in kind for kind in kinds)
    return Asked(
        original,
        budget=draw(st.sampled_from(["params", "flops", "both"])),
        scope=draw(st.sampled_from(["network", "paper"])),
        below=draw(fractions),
        above=draw(fractions),
        ranges=draw(ranges_of_one_convolution(original)),
        count_pooling=draw(st.booleans()),
        min_coverage="0" if pool_before else draw(st.sampled_from(["0", "0", "0.6", "1"])),
        approach=approach,
    )


def kinds_before(last: str, kinds: Iterator[str]) -> Iterator[str]:
    return iter(kinds.__next__, last)


def by_full_model(asked: Problem) -> list[exhaustive.Row]:
    approach, model = APPROACHES[asked.approach], Model()
    symbols = asked.template.assigned
    for constraint in approach.constraints(asked):
        constraint.post(model)
    rows, report = model.enumerate(symbols, time_limit=600.0, most=10_000_000)
    assert report.status in ("OPTIMAL", "INFEASIBLE")
    return sorted(tuple(row) for row in rows.tolist())


def by_tables(asked: Problem) -> list[exhaustive.Row]:
    found, report = find(asked)
    rows = np.stack([*found.all().values()], axis=1)
    assert len(rows) == found.count
    assert report.status == ("OPTIMAL" if len(rows) else "INFEASIBLE")
    return [tuple(row) for row in rows.tolist()]


def variants_hold(asked: Problem, answer: Answer) -> None:
    """Some variants are networks that can be sent, and cost what the budget allows."""
    original = count(asked.architecture, count_pooling=asked.count_pooling)
    describer = Describer(asked)
    for assignment in answer.assignments()[::7]:
        variant = describer.variant(assignment)
        sent = Architecture.model_validate_json(variant.architecture.model_dump_json())
        assert sent == variant.architecture
        counts = count(sent, count_pooling=asked.count_pooling)
        assert variant.counts == counts
        assert variant.delta.params == counts.params - original.params
        if asked.scope == "network":
            for name in ("params", "flops"):
                low, high = asked.tolerance.band(getattr(original, name))
                assert asked.budget not in (name, "both") or low <= getattr(counts, name) <= high


def shipped_network(name: str) -> Architecture:
    """A network of ``examples/``."""
    return Architecture.model_validate(shipped.example(name))
