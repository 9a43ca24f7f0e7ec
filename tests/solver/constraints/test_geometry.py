from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.answers.check import violations
from solver.constraints.base import Constraint
from solver.constraints.coverage import MinCoverage
from solver.constraints.maps import LargerKernel, MapSizes, ProperPool, SameMap
from solver.constraints.ranges import WithinRange
from solver.constraints.widths import DivisibleByGroups
from solver.engines.full.model import Model
from solver.network.architecture import Architecture
from solver.variation.unknown import Range, Role
from tests.solver.factories import (
    GLOBAL_POOL,
    NORM,
    RELU,
    Bounds,
    assignments,
    conv,
    held,
    is_feasible,
    network,
    pool,
    posted,
    template,
    unknown,
)
from tests.strategies import small_ranges, two_convolutions

GRID: Bounds = {
    "N": (2, 7), "K1": (1, 1), "C1": (1, 4), "P1": (0, 1), "S1": (1, 3),
    "C2": (2, 3), "P2": (0, 1), "S2": (1, 2),
}  # fmt: skip


def chain(original: Architecture, *more: type[SameMap]) -> list[Constraint]:
    built = template(original)
    return [MapSizes(built), *(kind(built) for kind in more)]


def coverage(original: Architecture, share: float, bounds: Bounds) -> MinCoverage:
    built = template(original)
    read = {"N", "C1", "P1", "S1"}
    kept = tuple((symbol, Range(*both)) for symbol, both in bounds.items() if symbol in read)
    return MinCoverage(built, share, kept)


ORIGINALS = {
    "plain": network(conv(2, 2), RELU, conv(2, 2), resolution=5),
    "dilated": network(conv(2, 2, dilation=2), conv(2, 2, dilation=2), resolution=7),
    "strided": network(conv(2, 2, stride=2, padding=1), conv(2, 2), resolution=7),
    "pool before": network(pool(2), conv(2, 2), conv(2, 2), resolution=8),
    "pool between": network(conv(2, 2), NORM, pool(2, padding=1), conv(2, 2), resolution=6),
    "two pools between": network(conv(2, 2), pool(2), pool(1), conv(2, 1), resolution=7),
    "global pool between": network(conv(2, 2), GLOBAL_POOL, conv(2, 2, padding=1), resolution=5),
    "global pool before": network(GLOBAL_POOL, conv(2, 1), conv(2, 2, padding=1), resolution=5),
}


@pytest.mark.parametrize("original", ORIGINALS.values(), ids=ORIGINALS)
def test_cp_sat_and_numbers_agree_on_every_chain_of_map_sizes(original: Architecture) -> None:
    fitting = held(chain(original), GRID)
    assert posted(chain(original), GRID) == fitting
    assert fitting, "some window fits"


@pytest.mark.slow
@pytest.mark.parametrize("original", ORIGINALS.values(), ids=ORIGINALS)
def test_cp_sat_and_numbers_agree_on_every_map_that_is_kept(original: Architecture) -> None:
    kept = held(chain(original, SameMap), GRID)
    assert posted(chain(original, SameMap), GRID) == kept
    assert kept < held(chain(original), GRID)


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(st.data())
def test_cp_sat_and_numbers_agree_on_generated_chains(data: st.DataObject) -> None:
    original = data.draw(two_convolutions())
    ranges = data.draw(small_ranges(original))
    fields = {"N": "resolution", "C1": "kernel_size", "P1": "padding", "S1": "stride"}
    bounds = {"K1": (1, 1)} | {symbol: ranges[field] for symbol, field in fields.items()}
    bounds |= {"C2": ranges["kernel_size"], "P2": (0, 1), "S2": (1, 2)}
    assert posted(chain(original, SameMap), bounds) == held(chain(original, SameMap), bounds)


@pytest.mark.parametrize(
    ("N", "C1", "P1", "fits"),
    [(4, 4, 0, True), (4, 5, 0, False), (4, 6, 1, True), (4, 7, 1, False), (1, 1, 0, True)],
)
def test_a_kernel_just_fits_or_just_does_not(N: int, C1: int, P1: int, fits: bool) -> None:
    constraints = chain(network(conv(2, 2), conv(2, 1), resolution=4))
    assignment = {"N": N, "K1": 1, "C1": C1, "P1": P1, "S1": 1, "C2": 1, "P2": 0, "S2": 1}
    assert is_feasible(constraints, assignment) is fits
    expected = [] if fits else [f"kernel {C1} of conv1 does not fit its input"]
    assert violations(constraints, assignment) == expected


def test_a_dilated_kernel_fits_by_what_it_spans() -> None:
    constraints = chain(network(conv(2, 2, dilation=3), conv(2, 1), resolution=4))
    free = {"K1": 1, "P1": 0, "S1": 1, "C2": 1, "P2": 0, "S2": 1}
    for N, fits in ((7, True), (6, False)):
        assignment = {"N": N, "C1": 3, **free}
        assert is_feasible(constraints, assignment) is fits
        assert (violations(constraints, assignment) == []) is fits


def test_a_fixed_window_between_may_be_what_does_not_fit() -> None:
    constraints = chain(network(conv(2, 2), pool(3, stride=1), conv(2, 1), resolution=4))
    free = {"K1": 1, "P1": 0, "S1": 1, "C2": 1, "P2": 0, "S2": 1}
    assert is_feasible(constraints, {"N": 4, "C1": 2, **free})
    assert not is_feasible(constraints, {"N": 4, "C1": 3, **free})
    assert violations(constraints, {"N": 4, "C1": 3, **free}) == [
        "kernel 3 of pool1 does not fit its input"
    ]


def test_the_kept_map_is_refused_one_row_larger_and_one_smaller() -> None:
    original = network(conv(2, 2), conv(2, 2), resolution=5)
    constraints = chain(original, SameMap)
    free = {"K1": 1, "P1": 0, "S1": 1, "C2": 2, "P2": 0, "S2": 1}
    for C1, side in ((2, 4), (3, 3), (4, 2)):
        assignment = {"N": 6, "C1": C1, **free}
        assert is_feasible(constraints, assignment) is (side == 3)
        expected = [] if side == 3 else [f"the map after conv2 is {side}, not 3"]
        assert violations(constraints, assignment) == expected


def test_a_window_that_does_not_fit_is_reported_once() -> None:
    constraints = chain(ORIGINALS["plain"], SameMap)
    assignment = {"N": 2, "K1": 1, "C1": 4, "P1": 0, "S1": 1, "C2": 2, "P2": 0, "S2": 1}
    assert len(violations(constraints, assignment)) == 1


def test_a_larger_kernel_is_larger_by_one_at_least() -> None:
    constraint = [LargerKernel("C1", 3)]
    assert posted(constraint, {"C1": (1, 6)}) == held(constraint, {"C1": (1, 6)})
    assert held(constraint, {"C1": (1, 6)}) == {(4,), (5,), (6,)}
    assert violations(constraint, {"C1": 3}) == ["C1' = 3 is not larger than C1 = 3"]


def test_groups_divide_the_width() -> None:
    constraint = [DivisibleByGroups("K1", 4)]
    assert posted(constraint, {"K1": (1, 13)}) == held(constraint, {"K1": (1, 13)})
    assert held(constraint, {"K1": (1, 13)}) == {(4,), (8,), (12,)}
    assert violations(constraint, {"K1": 6}) == ["4 groups do not divide K1' = 6"]


def test_a_pool_is_some_and_padded_by_half_its_kernel_at_most() -> None:
    constraint, bounds = [ProperPool("Cp", "Pp")], {"Cp": (1, 7), "Pp": (0, 5)}
    assert posted(constraint, bounds) == held(constraint, bounds)
    assert held(constraint, {"Cp": (1, 5), "Pp": (0, 3)}) == {
        (2, 0), (2, 1), (3, 0), (3, 1), (4, 0), (4, 1), (4, 2), (5, 0), (5, 1), (5, 2),
    }  # fmt: skip
    assert violations(constraint, {"Cp": 1, "Pp": 0}) == ["a pool with Cp = 1 is none"]
    assert violations(constraint, {"Cp": 3, "Pp": 2}) == [
        "Pp = 2 is more than half of Cp = 3; PyTorch refuses such a pool"
    ]


def test_a_kernel_that_may_stay_is_as_large_as_it_was_or_larger() -> None:
    constraint = [LargerKernel("C1", 3, may_stay=True)]
    assert posted(constraint, {"C1": (1, 6)}) == held(constraint, {"C1": (1, 6)})
    assert held(constraint, {"C1": (1, 6)}) == {(3,), (4,), (5,), (6,)}
    assert violations(constraint, {"C1": 2}) == ["C1' = 2 is smaller than C1 = 3"]


def test_a_range_is_inclusive_on_both_sides() -> None:
    constraint = WithinRange(unknown("S1"), Range(2, 4))
    model = Model()
    constraint.post(model)
    rows, _ = model.enumerate(("S1",), time_limit=60.0, most=100)
    assert (
        {tuple(row) for row in rows.tolist()}
        == {(2,), (3,), (4,)}
        == held([constraint], {"S1": (0, 9)})
    )
    assert violations([constraint], {"S1": 5}) == ["S1' = 5 is outside 2..4"]


@pytest.mark.parametrize(
    ("role", "bounds", "wide"),
    [
        (Role.STRIDE, Range(2, 3), Range(1, 12)),
        (Role.PADDING, Range(1, 2), Range(0, 8)),
        (Role.PADDING, Range(0, 0), Range(0, 4)),
        (Role.KERNEL, Range(2000, 3000), Range(1, 4096)),
        (Role.WIDTH, Range(5, 6), Range(1, 1_000_000)),
    ],
)
def test_a_dropped_range_is_wider_than_it_was_and_still_finite(
    role: Role, bounds: Range, wide: Range
) -> None:
    asked = unknown("x", role)
    assert WithinRange(asked, bounds).relaxed() == WithinRange(asked, wide)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("name", ["plain", "dilated", "pool before", "global pool before"])
def test_cp_sat_and_numbers_agree_on_coverage(name: str, share: float) -> None:
    original = ORIGINALS[name]
    bounds = {**GRID, "S1": (1, 5), "N": (4, 9), "C2": (1, 1), "P2": (0, 0), "S2": (1, 1)}
    constraints: Sequence[Constraint] = [*chain(original), coverage(original, share, bounds)]
    assert posted(constraints, bounds) == held(constraints, bounds)


def test_coverage_is_reached_exactly_or_just_missed() -> None:
    original = network(conv(2, 2), conv(2, 1), resolution=8)
    free = {"K1": 1, "C1": 2, "P1": 0, "S1": 3, "C2": 1, "P2": 0, "S2": 1}
    bounds = {symbol: (value, value) for symbol, value in {"N": 8, **free}.items()}
    for share, reached in ((0.75, True), (0.7501, False)):  # rows 0 1, 3 4, 6 7 of 8
        constraints = [*chain(original), coverage(original, share, bounds)]
        assert is_feasible(constraints, {"N": 8, **free}) is reached
        assert (violations(constraints, {"N": 8, **free}) == []) is reached


def test_coverage_follows_a_range_that_an_explanation_widens() -> None:
    original = network(conv(2, 2), conv(2, 1), resolution=8)
    bounds = {"N": (8, 8), "K1": (1, 1), "C1": (2, 2), "P1": (0, 0), "S1": (3, 3)}
    constraint = coverage(original, 1.0, bounds)
    assert posted([constraint], bounds) == set()
    assert posted([constraint], {**bounds, "S1": (1, 4)}) == {(8, 1, 2, 0, 1), (8, 1, 2, 0, 2)}


def test_coverage_of_more_combinations_than_a_table_holds_is_an_error_in_words() -> None:
    original = network(conv(2, 2), conv(2, 1), resolution=8)
    bounds = {"N": (9, 4096), "K1": (1, 1), "C1": (3, 4096), "P1": (0, 5), "S1": (1, 5)}
    with pytest.raises(OverflowError, match="combinations of N, C1, P1, S1"):
        posted([coverage(original, 0.5, bounds)], bounds)


def test_every_assignment_of_a_small_grid_is_judged_alike() -> None:
    """One by one, with the domains fixed: no search that could prune too much."""
    constraints = [*chain(ORIGINALS["pool between"], SameMap), LargerKernel("C1", 2)]
    grid: Bounds = {
        "N": (5, 7), "K1": (1, 1), "C1": (2, 4), "P1": (0, 1), "S1": (1, 2),
        "C2": (2, 3), "P2": (0, 1), "S2": (1, 1),
    }  # fmt: skip
    judged = [
        (is_feasible(constraints, item), violations(constraints, item) == [])
        for item in assignments(grid)
    ]
    assert all(by_solver is by_numbers for by_solver, by_numbers in judged)
    assert {by_solver for by_solver, _ in judged} == {True, False}
