import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.answers.check import violations
from solver.approaches import APPROACHES
from solver.constraints.base import Constraint
from solver.constraints.budget import EqualBudget, EqualFlops, EqualParams
from solver.constraints.maps import MapSizes, SameMap
from solver.constraints.widths import DivisibleByGroups
from solver.network import counting
from solver.network.architecture import Architecture
from solver.problem import Budget, Scope
from solver.variation.tolerance import Tolerance
from tests.solver.factories import (
    FLATTEN,
    GLOBAL_POOL,
    NORM,
    RELU,
    Bounds,
    conv,
    held,
    is_feasible,
    linear,
    network,
    pool,
    posted,
    problem,
    template,
)
from tests.strategies import small_ranges, two_convolutions

HEAD = (FLATTEN, linear(5))
ORIGINALS = {
    "bias-free": network(conv(6, 2), RELU, conv(3, 2), *HEAD, resolution=5),
    "biases": network(conv(6, 2, bias=True), conv(3, 2, bias=True), *HEAD, resolution=5),
    "norms": network(NORM, conv(6, 2), NORM, conv(3, 2), NORM, *HEAD, resolution=5),
    "pools": network(
        pool(2, stride=1), conv(6, 2), pool(2, stride=1), conv(3, 2), pool(2), *HEAD, resolution=7
    ),
    "global pool behind": network(conv(6, 2), conv(3, 2), GLOBAL_POOL, *HEAD, resolution=5),
    "global pool between": network(conv(6, 2), GLOBAL_POOL, conv(3, 1), *HEAD, resolution=5),
    "grouped": network(conv(6, 2, groups=2), conv(4, 2, groups=2), *HEAD, channels=2, resolution=5),
    "depthwise": network(conv(6, 2), conv(6, 2, groups=6), conv(3, 1), *HEAD, resolution=5),
    "depthwise, twice the channels": network(
        conv(6, 2), conv(12, 2, groups=6), NORM, conv(4, 1, groups=4), *HEAD, resolution=5
    ),
    "three convolutions": network(conv(6, 2), conv(3, 2), conv(5, 2, bias=True), resolution=5),
}
GRID: Bounds = {
    "N": (5, 7), "K1": (4, 8), "C1": (2, 4), "P1": (0, 1), "S1": (1, 2),
    "C2": (1, 3), "P2": (0, 1), "S2": (1, 2),
}  # fmt: skip


def geometry(original: Architecture) -> list[Constraint]:
    """What the counting relies on: maps fit and stay, and groups divide."""
    built = template(original)
    groups = [rule for rule in requirements(original) if isinstance(rule, DivisibleByGroups)]
    return [*groups, MapSizes(built), SameMap(built)]


def requirements(original: Architecture) -> list[Constraint]:
    return list(APPROACHES["IV"].requirements(template(original), problem(original)))


def budget(
    original: Architecture,
    name: str,
    scope: str = "network",
    below: float = 0.0,
    above: float = 0.0,
    count_pooling: bool = True,
) -> EqualBudget:
    asked = problem(
        original,
        scope=scope,
        tolerance={"below": below, "above": above},
        count_pooling=count_pooling,
    )
    return APPROACHES["IV"].budgets(asked, template(original))[name]


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["network", "paper"])
@pytest.mark.parametrize("name", ["params", "flops"])
@pytest.mark.parametrize("original", ORIGINALS.values(), ids=ORIGINALS)
def test_cp_sat_and_numbers_agree_on_every_count_within_a_band(
    original: Architecture, name: Budget, scope: Scope
) -> None:
    constraint = budget(original, name, scope, below=0.1, above=0.2)
    fitting = held(geometry(original), GRID)
    inside = {
        row for row in fitting if not any(constraint.violations(dict(zip(GRID, row, strict=True))))
    }
    assert posted([*geometry(original), constraint], GRID) == inside
    assert inside < fitting
    assert inside, "the original's own geometry keeps its count"


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(st.data())
def test_cp_sat_and_numbers_agree_on_generated_networks(data: st.DataObject) -> None:
    original = data.draw(two_convolutions())
    fractions = st.sampled_from([0.0, 0.25, 0.6, 1.0])
    constraint = budget(
        original,
        data.draw(st.sampled_from(["params", "flops"])),
        data.draw(st.sampled_from(["network", "paper"])),
        data.draw(fractions),
        data.draw(fractions),
        data.draw(st.booleans()),
    )
    ranges = data.draw(small_ranges(original))
    fields = {"N": "resolution", "C1": "kernel_size", "P1": "padding", "S1": "stride"}
    bounds = {"K1": (2, 6)} | {symbol: ranges[field] for symbol, field in fields.items()}
    bounds |= {"C2": ranges["kernel_size"], "P2": (0, 1), "S2": (1, 1)}
    constraints = [*geometry(original), constraint]
    assert posted(constraints, bounds) == held(constraints, bounds)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(two_convolutions(), st.booleans())
def test_the_formulas_give_the_originals_counts_for_the_originals_values(
    original: Architecture, count_pooling: bool
) -> None:
    built = template(original)
    sides = [shape[1] if len(shape) > 1 else 1 for shape in counting.shapes(original)]
    values = {f"side{index}": side for index, side in enumerate(sides)} | {"N": sides[0]}
    for unknown in built.unknowns[1:]:
        layer = original.layers[built.places[unknown.layer]]
        values[unknown.symbol] = getattr(layer, unknown.field)

    def value(terms: dict[tuple[str, ...], int]) -> int:
        total = 0
        for monomial, factor in terms.items():
            for symbol in monomial:
                factor *= values[symbol]
            total += factor
        return total

    assert value(built.symbols.params.terms) == counting.params(original)
    flops = counting.flops(original, count_pooling=count_pooling)
    assert value(built.symbols.flops(count_pooling=count_pooling).terms) == flops


@pytest.mark.parametrize(
    ("below", "above", "inside"),
    [
        (0.0, 0.0, {8}),
        (0.124, 0.124, {8}),
        (0.125, 0.125, {7, 8, 9}),  # an eighth of 2,808 is 351: one filter
        (0.125, 0.0, {7, 8}),
        (0.0, 0.125, {8, 9}),
        (1.0, 1.0, set(range(1, 17))),
    ],
)
def test_a_band_holds_its_bounds_and_nothing_beyond(
    below: float, above: float, inside: set[int]
) -> None:
    original = network(conv(8, 3), conv(38, 3), resolution=8, channels=1)
    constraint = budget(original, "params", "paper", below, above)
    assert constraint.target == 8 * (9 + 38 * 9) == 2808
    same = {"N": 8, "C1": 3, "P1": 0, "S1": 1, "C2": 3, "P2": 0, "S2": 1}
    bounds = {symbol: (value, value) for symbol, value in same.items()} | {"K1": (1, 20)}
    by_solver = {row[-1] for row in posted([constraint], bounds)}
    assert by_solver == {row[-1] for row in held([constraint], bounds)} == inside


def test_a_count_just_outside_is_refused_in_words() -> None:
    original = ORIGINALS["bias-free"]
    constraint = [*geometry(original), budget(original, "params")]
    kept = {"N": 5, "K1": 6, "C1": 2, "P1": 0, "S1": 1, "C2": 2, "P2": 0, "S2": 1}
    assert is_feasible(constraint, kept)
    assert violations(constraint, kept) == []
    assert not is_feasible(constraint, {**kept, "K1": 7})
    assert violations(constraint, {**kept, "K1": 7}) == ["equal params: 252 is not within 236..236"]


def test_pooling_counts_or_does_not_as_asked() -> None:
    original = network(pool(2, stride=1), conv(6, 2), conv(3, 2), resolution=6)
    with_pool, without = (
        budget(original, "flops", count_pooling=counted).target for counted in (True, False)
    )
    assert with_pool - without == 36


def test_the_printed_equations_leave_biases_norms_pools_and_groups_out() -> None:
    plain, dressed = (
        network(conv(6, 2, **more), NORM, conv(4, 2, **more), resolution=5, channels=2)
        for more in ({}, {"bias": True, "groups": 2})
    )
    for name in ("params", "flops"):
        assert budget(plain, name, "paper").target == budget(dressed, name, "paper").target
    assert budget(plain, "params", "paper").target == 6 * 4 * 2 + 4 * 4 * 6
    assert budget(plain, "flops", "paper").target == 4**2 * 6 * 4 * 2 + 3**2 * 4 * 4 * 6


def test_counts_too_large_for_64_bits_are_an_error_in_words() -> None:
    original = network(conv(10**6, 2000), conv(10**6, 2000), resolution=4000)
    same = {"N": 4000, "K1": 1, "C1": 2000, "P1": 0, "S1": 1, "C2": 2000, "P2": 0, "S2": 1}
    built, exact = template(original), Tolerance()
    for equal in (EqualParams(built, exact, "K1"), EqualFlops(built, exact, "K1", True)):
        with pytest.raises(OverflowError, match="too large for 64 bits"):
            is_feasible([MapSizes(built), SameMap(built), equal], same)
