"""The equations of Approaches I and III as printed; those of IV are in ``test_budget.py``."""

import pytest

from solver.answers.check import violations
from solver.approaches import APPROACHES
from solver.constraints.base import Constraint
from solver.constraints.budget import EqualBudget
from solver.network.architecture import Architecture
from solver.problem import ApproachName
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
)

HEAD = (FLATTEN, linear(9), RELU, linear(4))
ORIGINALS = {
    "plain": network(conv(6, 2), RELU, conv(3, 2), *HEAD, resolution=5),
    "biases, norms and groups": network(
        NORM, conv(6, 2, bias=True, groups=2), NORM, RELU, conv(4, 2, groups=2), *HEAD,
        channels=2, resolution=5,
    ),
    "pools": network(
        pool(2, stride=1), conv(6, 2), pool(2, stride=1), *HEAD, channels=3, resolution=7
    ),
    "global pool": network(conv(6, 2), GLOBAL_POOL, NORM, *HEAD, resolution=6),
}  # fmt: skip
GRIDS: dict[ApproachName, Bounds] = {
    "I": {"N": (5, 9), "Z1": (1, 20)},
    "III": {
        "N": (6, 8), "K1": (1, 8), "C1": (3, 4), "P1": (0, 1), "S1": (1, 2),
        "Cp": (2, 3), "Pp": (0, 1), "Sp": (1, 1),
    },
}  # fmt: skip


def constraints(
    original: Architecture, approach: ApproachName, name: str, tolerance: float = 0.0
) -> tuple[list[Constraint], EqualBudget]:
    """What the map sizes ask for, and the printed equation."""
    asked = problem(original, approach=approach, scope="paper", tolerance=tolerance)
    template = APPROACHES[approach].template(original)
    budget = APPROACHES[approach].budgets(asked, template)[name]
    return list(APPROACHES[approach].requirements(template, asked)), budget


@pytest.mark.slow
@pytest.mark.parametrize("original", ORIGINALS.values(), ids=ORIGINALS)
@pytest.mark.parametrize("name", ["params", "flops"])
@pytest.mark.parametrize("approach", GRIDS)
def test_cp_sat_and_numbers_agree_on_every_count_within_a_band(
    original: Architecture, name: str, approach: ApproachName
) -> None:
    rules, budget = constraints(original, approach, name, tolerance=0.4)
    grid = GRIDS[approach]
    inside = held([*rules, budget], grid)
    assert posted([*rules, budget], grid) == inside
    assert inside < held(rules, grid)
    assert inside or (approach, name) == ("III", "flops")


@pytest.mark.parametrize(
    ("approach", "name", "target"),
    [
        ("I", "params", 9),
        ("I", "flops", 3**2 * 3 + 3 * 9 + 9 * 4),
        ("III", "params", 6 * 2**2),
        ("III", "flops", 4**2 * 2**2 * 6),
    ],
)
def test_the_right_side_is_the_originals_without_biases(
    approach: ApproachName, name: str, target: int
) -> None:
    dressed = network(conv(6, 2, bias=True), NORM, conv(3, 2, bias=True), *HEAD, resolution=5)
    for original in (ORIGINALS["plain"], dressed):
        _, budget = constraints(original, approach, name)
        assert budget.target == target


def test_equation_6_holds_or_misses_by_one_feature() -> None:
    """Original 27 + 7·9 = 90; a map of 4 pixels 48 + 7·6 = 90."""
    rules, budget = constraints(ORIGINALS["plain"], "I", "flops")
    for Z1, counted in ((5, 83), (6, 90), (7, 97)):
        assignment = {"N": 6, "Z1": Z1}
        assert is_feasible([*rules, budget], assignment) is (counted == 90)
        expected = [] if counted == 90 else [f"equal flops (Eq. 6): {counted} is not within 90..90"]
        assert violations([budget], assignment) == expected


def test_the_features_are_kept_or_refused() -> None:
    rules, budget = constraints(ORIGINALS["plain"], "I", "params")
    for Z1 in (8, 9, 10):
        assert is_feasible([*rules, budget], {"N": 6, "Z1": Z1}) is (Z1 == 9)
    assert violations([budget], {"N": 6, "Z1": 8}) == [
        "equal params (Z1' = Z1): 8 is not within 9..9"
    ]


def test_equation_9_holds_or_misses_by_one_filter() -> None:
    """9·2² = 36 = 4·3²."""
    original = network(conv(9, 2), conv(3, 1), resolution=6)
    rules, budget = constraints(original, "III", "params")
    kept = {"N": 8, "C1": 3, "P1": 0, "S1": 1, "Cp": 2, "Pp": 0, "Sp": 1}
    for K1 in (3, 4, 5):
        assert is_feasible([*rules, budget], {**kept, "K1": K1}) is (K1 == 4)
    assert violations([budget], {**kept, "K1": 5}) == [
        "equal params (Eq. 9): 45 is not within 36..36"
    ]


def test_equation_14_counts_the_new_pool() -> None:
    """5²·2²·K1 = 100·K1, and 6²·(3² + 1) = 360 a filter: 18 filters become 5."""
    original = network(conv(18, 2), conv(3, 1), resolution=6)
    rules, budget = constraints(original, "III", "flops")
    kept = {"N": 8, "C1": 3, "P1": 0, "S1": 1, "Cp": 2, "Pp": 0, "Sp": 1}
    for K1 in (4, 5, 6):
        assert is_feasible([*rules, budget], {**kept, "K1": K1}) is (K1 == 5)
    assert violations([budget], {**kept, "K1": 6}) == [
        "equal flops (Eq. 14): 2,160 is not within 1,800..1,800"
    ]
