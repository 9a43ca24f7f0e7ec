"""Requests as nasty as the schema admits: each ends within its time limit and some, in 1 GiB.

Nothing here looks at a clock: a child that overruns its grace is killed, and that is a failure.
"""

from typing import Any, get_args

import pytest

from app.services.child import Child
from solver.problem import ObjectiveName, SolveRequest
from tests.solver.factories import FLATTEN, NORM, RELU, conv, linear, network

TIME_LIMIT = 1.0
MEMORY_MB = 1024

WINDOW = ("kernel_size", "stride", "dilation", "pool_kernel_size", "pool_stride")
PADDING = ("padding", "pool_padding")
EVERYTHING = {
    "resolution": [1, 4096],
    **{name: [1, 4096] for name in WINDOW},
    **{name: [0, 4096] for name in PADDING},
}
MUCH = {
    "resolution": [225, 1000],
    **{name: [1, 20] for name in WINDOW},
    **{name: [0, 20] for name in PADDING},
}
TAIL = (FLATTEN, linear(100), linear(10))
LARGE = network(
    conv(64, 3, padding=1), conv(64, 3, padding=1), *TAIL, resolution=224, channels=3
).model_dump()  # fmt: skip
DEEP = network(
    *[conv(8, 3, padding=1, bias=True), NORM, RELU] * 80, *TAIL, resolution=32, channels=3
).model_dump()  # fmt: skip
BROAD = network(
    conv(1, 1), conv(1, 1), FLATTEN, linear(10**6), linear(2), resolution=64
).model_dump()


def ended(**asked: Any) -> str:
    """How a request ends in a child with its limits."""
    body = {
        "architecture": LARGE,
        "approach": "IV",
        "budget": "params",
        "time_limit": TIME_LIMIT,
        "limit": 1_000_000,
        **asked,
    }
    return Child(MEMORY_MB).solve(SolveRequest.model_validate(body)).outcome


@pytest.mark.parametrize("tolerance", [0.0, 1.0])
@pytest.mark.parametrize("budget", ["params", "flops", "both"])
@pytest.mark.parametrize("approach", ["I", "II", "III", "IV"])
def test_the_widest_ranges_end(approach: str, budget: str, tolerance: float) -> None:
    assert ended(approach=approach, budget=budget, tolerance=tolerance, ranges=EVERYTHING)


@pytest.mark.parametrize("min_coverage", [0.0, 1.0])
@pytest.mark.parametrize("approach", ["II", "III", "IV"])
def test_a_million_of_many_millions_end(approach: str, min_coverage: float) -> None:
    assert ended(
        approach=approach, budget="flops", tolerance=0.5, ranges=MUCH, min_coverage=min_coverage
    ) in ("complete", "truncated")


@pytest.mark.parametrize("ranges", [EVERYTHING, MUCH], ids=["everything", "much"])
@pytest.mark.parametrize("diverse", [False, True])
@pytest.mark.parametrize("name", get_args(ObjectiveName))
def test_the_best_of_many_millions_end(
    name: str, diverse: bool, ranges: dict[str, list[int]]
) -> None:
    assert ended(
        tolerance=0.5, ranges=ranges, find={"best": name, "top": 1_000, "diverse": diverse}
    )


@pytest.mark.parametrize("budget", ["params", "flops", "both"])
@pytest.mark.parametrize("ranges", [EVERYTHING, MUCH], ids=["everything", "much"])
def test_a_network_of_many_layers_ends(budget: str, ranges: dict[str, list[int]]) -> None:
    assert ended(architecture=DEEP, budget=budget, tolerance=0.5, ranges=ranges)


@pytest.mark.parametrize("budget", ["params", "flops"])
@pytest.mark.parametrize("approach", ["I", "III", "IV"])
def test_millions_of_widths_end(approach: str, budget: str) -> None:
    assert ended(architecture=BROAD, approach=approach, budget=budget, tolerance=1.0)


@pytest.mark.parametrize("ranges", [EVERYTHING, MUCH], ids=["everything", "much"])
@pytest.mark.parametrize("approach", ["I", "II", "III", "IV"])
def test_what_has_no_solution_ends_with_an_explanation_or_none(
    approach: str, ranges: dict[str, list[int]]
) -> None:
    narrow = {**ranges, "kernel_size": [1, 3], "stride": [4000, 4096], "out_features": [1, 1]}
    assert ended(approach=approach, budget="both", ranges=narrow, min_coverage=1.0)
