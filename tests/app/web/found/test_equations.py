from typing import Any

import pytest

from app.shipped import example
from app.web.found.equations import equations
from solver.problem import Problem, SolveRequest
from tests.factories import search_body


def problem(**changes: Any) -> Problem:
    return SolveRequest.model_validate(search_body(**changes)).problem


@pytest.mark.parametrize(
    ("changes", "title", "left", "right"),
    [
        ({}, "Parameters", "K1'·(C1'² + 12·C2'²) + 1,100", "= 2,972"),
        (
            {"budget": "flops"},
            "FLOPs",
            "K1'·(C1'²·M1'² + 12·C2'²) + 1,100",
            "= 4,124",
        ),
        ({"scope": "paper"}, "Parameters (Eq. 15)", "K1'·(C1'² + 12·C2'²)", "= 1,872"),
        (
            {"tolerance": 0.01},
            "Parameters",
            "K1'·(C1'² + 12·C2'²) + 1,100",
            "from 2,943 to 3,001",
        ),
        (
            {"approach": "III", "ranges": {}},
            "Parameters",
            "K1'·(C1'² + 108) + 1,100",
            "= 2,972",
        ),
    ],
)
def test_the_equation_has_the_networks_numbers(
    changes: dict[str, Any], title: str, left: str, right: str
) -> None:
    (found,) = equations(problem(**changes))

    assert (found.title, found.left, found.right) == (title, left, right)


def test_both_budgets_are_two_equations() -> None:
    assert [it.title for it in equations(problem(budget="both"))] == ["Parameters", "FLOPs"]


def test_symbols_are_explained() -> None:
    (found,) = equations(problem(budget="flops"))

    assert found.symbols["K1'"] == "out channels of conv1"
    assert found.symbols["M1'"] == "side of the map behind conv1"


def test_sums_of_whole_networks_are_cut() -> None:
    request = SolveRequest.model_validate(
        {"architecture": example("resnet18"), "approach": "V", "budget": "params"}
    )

    (found,) = equations(request.problem)

    assert "more terms" in found.left
    assert len(found.left) < 2_000
