from fractions import Fraction

import pytest

from app.cli.finding.bounds import Bound, Bounds
from solver.network.counting import Counts
from solver.problem import Budget
from solver.variation.tolerance import Tolerance

OWN = Counts(params=1000, macs=5000, flops=6000, activations=300)
UNSAID: dict[str, int | None] = {"params": None, "flops": None, "activation_bytes": None}


def counts(params: int = 1000, flops: int = 6000, activations: int = 300) -> Counts:
    return Counts(params=params, macs=flops, flops=flops, activations=activations)


def bounds(budget: Budget = "both", within: float = 0.05, **most: int) -> Bounds:
    return Bounds.of(OWN, budget, {**UNSAID, **most}, within)


def test_the_original_s_costs_are_the_most_where_nothing_is_said() -> None:
    assert bounds().all == (Bound("params", 950, 1000), Bound("flops", 5700, 6000))
    assert bounds().tolerance(OWN) == Tolerance(below=0.05, above=0.0)


def test_only_costs_of_the_budget_are_bounded_unless_more_is_said() -> None:
    assert bounds("params").all == (Bound("params", 950, 1000),)
    assert bounds("flops").all == (Bound("flops", 5700, 6000),)
    said = bounds("params", flops=7000, activation_bytes=400)
    assert said.others == (Bound("flops", 0, 7000), Bound("activation_bytes", 0, 400))


@pytest.mark.parametrize(
    ("found", "excess"),
    [
        (counts(), Fraction(0)),
        (counts(params=950, flops=5700), Fraction(0)),
        (counts(params=949), Fraction(1, 1000)),
        (counts(flops=6600), Fraction(1, 10)),
        (counts(params=1100, flops=9000), Fraction(1, 2)),
    ],
)
def test_a_network_misses_by_the_largest_share_of_a_bound(found: Counts, excess: Fraction) -> None:
    assert bounds().excess(found) == excess


def test_an_activation_takes_four_bytes() -> None:
    assert bounds(activation_bytes=1200).excess(counts(activations=300)) == 0
    assert bounds(activation_bytes=1200).excess(counts(activations=301)) > 0
    assert bounds(activation_bytes=1199).exceeded(OWN) == [Bound("activation_bytes", 0, 1199)]


@pytest.mark.parametrize(
    "asked",
    [
        bounds(),
        bounds(within=0.0),
        bounds(within=1.0),
        bounds(params=1234),
        bounds(params=617, flops=11_999),
        bounds("flops", within=0.333, flops=7),
    ],
)
def test_the_tolerance_leaves_out_nothing_that_the_bounds_allow(asked: Bounds) -> None:
    tolerance = asked.tolerance(OWN)
    for bound in asked.near:
        low, high = tolerance.band(OWN.params if bound.cost == "params" else OWN.flops)
        assert low <= bound.low
        assert bound.high <= high


def test_bounds_out_of_reach_are_refused_by_their_option() -> None:
    assert [*bounds(params=2000, flops=12_000).faults(OWN)] == []
    (fault,) = bounds(params=2001).faults(OWN)
    assert (fault.pointer, fault.detail) == (
        "--max-params",
        "2,001 is more than twice what the original has; give at most 2,000",
    )


def test_the_original_may_be_below_a_bound_but_not_above() -> None:
    assert bounds(params=2000).exceeded(OWN) == []
    assert [bound.cost for bound in bounds(params=999, flops=5999).exceeded(OWN)] == [
        "params",
        "flops",
    ]
