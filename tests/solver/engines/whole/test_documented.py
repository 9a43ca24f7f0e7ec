"""docs/model.md works approach V out by hand for a network of three widths."""

from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from solver.answers.search import solve
from solver.engines.whole.closest import least_change
from solver.engines.whole.posing import Posing
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.residues import Residues
from solver.network.counting import count
from solver.problem import SolveRequest
from tests.solver.engines.whole.documented import MACS, ORIGINAL, PARAMS

MODEL: Final = (Path(__file__).parents[4] / "docs/model.md").read_text(encoding="utf-8")
FACTORS: Final = {18: (2_916, 729, 25), 19: (3_249, 900, 25), 20: (3_600, 900, 25)}
"""What ``a``, ``a·b`` and ``b·c`` cost at each resolution; ``c`` costs 10."""


def request(resolution: int) -> SolveRequest:
    sides = {"resolution": [resolution, resolution]}
    asked = {"approach": "V", "budget": "both", "count": "macs", "ranges": sides}
    return SolveRequest.model_validate({"architecture": ORIGINAL, **asked})


def posed(resolution: int) -> WholeProblem:
    return Posing(request(resolution).problem).at(resolution)


def test_the_original_counts_as_worked_out_by_hand() -> None:
    own = count(ORIGINAL)
    assert (own.params, own.macs) == (PARAMS, MACS)
    assert own.params == 54 + 918 + 680 + 400 + 10
    assert own.macs == 13_824 + 58_752 + 10_880 + 400
    assert f"{PARAMS:,}" in MODEL
    assert f"{MACS:,}" in MODEL


@pytest.mark.parametrize("resolution", FACTORS)
def test_the_polynomials_are_those_of_the_documentation(resolution: int) -> None:
    params, macs = (it.count for it in posed(resolution).budgets)
    of_conv1, of_conv2, of_conv3 = FACTORS[resolution]
    assert params.constant == 10
    assert params.linear.tolist() == [9, 0, 10]
    assert params.factors.tolist() == [9, 1]
    assert macs.linear.tolist() == [of_conv1, 0, 10]
    assert macs.factors.tolist() == [of_conv2, of_conv3]
    assert f"macs = {of_conv1:,}·a + {of_conv2}·a·b + {of_conv3}·b·c + 10·c" in MODEL


def test_remainders_rule_20_px_out_and_leave_two_widths_at_19_px() -> None:
    impossible = Residues.of(posed(20)).impossible
    facts = Residues.of(posed(19)).facts
    assert impossible == "At 20 px every MAC count is a multiple of 5; 83,856 is not."
    assert f'"{impossible}"' in MODEL
    (forced,) = [fact for fact in facts if "must be 4 or 9" in fact]
    assert f'"{forced}"' in MODEL
    assert solve(request(19).problem, request(19).settings).outcome == "infeasible"


def test_points_of_the_lattice_all_have_the_parameters() -> None:
    params, macs = (it.count for it in posed(18).budgets)
    line = np.array([(a, 17, 76 - 6 * a) for a in range(3, 13)])
    inside = line[line[:, 2] >= 20]
    assert params(line).tolist() == [PARAMS] * len(line)
    assert (len(inside), inside[0, 2], inside[-1, 2]) == (7, 58, 22)
    assert macs(line).tolist() == [12_699 * a + 33_060 for a in line[:, 0]]
    assert Fraction(MACS - 33_060, 12_699) == 4


def test_the_answer_at_18_px_is_the_only_one_and_is_proved_to_change_least() -> None:
    problem = posed(18)
    spans = [range(low, high + 1) for low, high in zip(problem.low, problem.high, strict=True)]
    assert [(it[0], it[-1]) for it in spans] == [(3, 12), (9, 34), (20, 80)]
    rows = np.array([*product(*spans)])
    assert rows[problem.accepted(rows)].tolist() == [[4, 17, 52]]
    answer = solve(request(18).problem, request(18).settings)
    assert answer.rows == [(18, 4, 17, 52)]
    assert (answer.solver.proved, answer.solver.bound) == (True, 1.5)


def test_the_price_of_50_rules_smaller_changes_out() -> None:
    problem = posed(18).near(1.5 - 1e-6)
    params, macs = (it.count for it in problem.budgets)
    assert (problem.low[0], problem.high[1], problem.high[2]) == (5, 25, 59)
    corners = np.array([*product(*zip(problem.low, problem.high, strict=True))])
    assert (macs(corners) - 50 * params(corners)).min() == -19_080
    assert MACS - 50 * PARAMS == -19_244
    assert least_change(posed(18)) == 1.5
