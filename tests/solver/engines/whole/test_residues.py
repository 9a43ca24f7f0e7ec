import numpy as np
import pytest
from hypothesis import given, settings

from solver.engines.whole.congruence import Monomials, congruences, index
from solver.engines.whole.equations import Equations
from solver.engines.whole.problem import Budgeted, WholeProblem
from solver.engines.whole.quadratic import Quadratic
from solver.engines.whole.residues import Residues
from solver.variation.unknown import Range
from tests.solver.engines.whole.networks import at
from tests.solver.engines.whole.problems import all_widths, answers, problems


@settings(deadline=None)
@given(problems(tolerance=0.0))
def test_residues_never_exclude_an_answer(problem: WholeProblem) -> None:
    found, accepted = Residues.of(problem), answers(problem) // problem.steps
    if found.impossible:
        assert not len(accepted)
    for place, steps in found.allowed.items():
        assert set(accepted[:, place].tolist()) <= set(steps.tolist())


@settings(deadline=None)
@given(problems(tolerance=0.0))
def test_the_box_of_what_remains_holds_every_answer(problem: WholeProblem) -> None:
    box = Residues.of(problem).box(problem)
    assert all(box.accepts(row) for row in answers(problem)) or Residues.of(problem).impossible


@settings(deadline=None)
@given(problems(tolerance=0.0))
def test_every_answer_satisfies_every_congruence(problem: WholeProblem) -> None:
    accepted = answers(problem) // problem.steps
    for congruence in congruences(Monomials.of(problem)):
        total = np.zeros(len(accepted), np.int64)
        for (first, second), factor in zip(
            congruence.monomials.tolist(), congruence.factors.tolist(), strict=True
        ):
            value = accepted[:, first] * (accepted[:, second] if second >= 0 else 1)
            total += factor * value
        assert (total % congruence.modulus == congruence.remainder).all()


@settings(deadline=None)
@given(problems(tolerance=0.0))
def test_counts_differ_by_points_of_a_lattice_of_the_index(problem: WholeProblem) -> None:
    equations = Equations.of(problem)
    gaps = equations.gaps(all_widths(problem) // problem.steps)
    if len(equations) == 1 and (problem.low < problem.high).any():
        assert not ((gaps - gaps[0]) % index(Monomials.of(problem))).any()


def problem(count: Quadratic, target: int, high: int = 8) -> WholeProblem:
    n = len(count.linear)
    names = ("conv1", "conv2", "fc1")[:n]
    one = np.ones(n, np.int64)
    budget = Budgeted("macs", count, target, Range(target, target))
    return WholeProblem(320, names, 4 * one, one, one, high * one, [budget])


def quadratic(constant: int, linear: list[int], products: dict[tuple[int, int], int]) -> Quadratic:
    pairs = np.array(list(products), np.int64).reshape(-1, 2)
    factors = np.array(list(products.values()), np.int64)
    return Quadratic(constant, np.array(linear, np.int64), pairs, factors)


def test_a_target_that_is_no_multiple_is_told_in_the_networks_own_numbers() -> None:
    count = quadratic(100, [0, 0], {(0, 1): 100})
    found = Residues.of(problem(count, 4_089_184_256))
    assert found.impossible == (
        "At 320 px every MAC count is a multiple of 100; 4,089,184,256 is not."
    )


def test_a_constant_part_is_told_as_a_remainder() -> None:
    found = Residues.of(problem(quadratic(7, [0, 0], {(0, 1): 100}), 1_000))
    assert found.impossible == (
        "At 320 px every MAC count leaves the remainder 7 when it is divided by 100; "
        "the original's leaves 0."
    )


def test_a_group_that_alone_changes_a_remainder_has_forced_widths() -> None:
    count = quadratic(0, [3, 0], {(0, 1): 25})
    found = Residues.of(problem(count, 3 * 4 + 25 * 16, high=40))
    assert found.allowed[0].tolist() == [4, 29]
    assert found.facts == (
        "The width of conv1 must be 4 or 29: at 320 px nothing else changes the MAC count "
        "modulo 25.",
    )


def test_forced_widths_force_others() -> None:
    count = quadratic(0, [27, 3, 0], {(0, 1): 9, (1, 2): 27})
    found = Residues.of(problem(count, 27 * 2 + 3 * 4 + 9 * 8 + 27 * 20, high=4))
    assert found.allowed[1].tolist() == [1, 4] or found.allowed[1].tolist() == [4]


def test_a_sum_of_few_groups_is_kept_for_the_search() -> None:
    products = {(0, 2): 64, (1, 3): 64}
    found = Residues.of(problem(quadratic(0, [3, 5, 0, 0], products), 32 + 64 * 32))
    assert (64, [0, 1]) in [(modulus, places.tolist()) for modulus, places in found.sums]


@pytest.mark.parametrize(
    ("resolution", "step", "fact"),
    [
        (
            318,
            1,
            "The width of conv1 must be 92: at 318 px nothing else changes the MAC count modulo "
            "100.",
        ),
        (
            288,
            8,
            "The width of layer4.0.conv2 must be 368 or 1,016: at 288 px nothing else changes the "
            "MAC count modulo 81.",
        ),
    ],
)
def test_widths_of_resnet_18_that_are_forced(resolution: int, step: int, fact: str) -> None:
    assert fact in Residues.of(at(resolution, step)).facts


def test_resnet_18_at_320_px_is_impossible() -> None:
    assert Residues.of(at(320, 1)).impossible == (
        "At 320 px every MAC count is a multiple of 100; 1,814,073,344 is not."
    )
