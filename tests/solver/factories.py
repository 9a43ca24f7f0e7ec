"""Networks, problems and models, with good defaults."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from solver.approaches import APPROACHES
from solver.constraints.base import Constraint
from solver.constraints.ranges import WithinRange
from solver.engines.full.model import Model
from solver.network.architecture import Architecture
from solver.problem import Problem
from solver.variation.numbers import Columns
from solver.variation.polynomial import Polynomial
from solver.variation.template import Template
from solver.variation.unknown import RESOLUTION, Range, Role, Unknown

RELU = {"type": "relu"}
NORM = {"type": "batch_norm2d"}
GLOBAL_POOL = {"type": "global_avg_pool2d"}
FLATTEN = {"type": "flatten"}

PATIENCE = 600.0
"""Seconds for an explanation: a busy machine must not change it."""

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
