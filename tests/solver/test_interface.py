"""``from solver import …``: what Python users write."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

import solver
from solver import Architecture, SolveRequest, count, solve
from tests.solver.factories import FLATTEN, RELU, conv, linear, network, two_convs


def asked(architecture: Architecture, approach: str, **more: object) -> SolveRequest:
    return SolveRequest.model_validate(
        {"architecture": architecture, "approach": approach, "budget": "params", **more}
    )


def test_every_name_is_there_and_no_other() -> None:
    assert all(hasattr(solver, name) for name in solver.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = solver.nothing


def test_variants_of_an_answer_have_the_budget() -> None:
    original = two_convs()
    answer = solve(asked(original, "IV", tolerance=0.1))
    found = list(answer.variants())
    assert 0 < len(found) <= answer.found
    for variant in found:
        assert count(variant.architecture) == variant.counts
        assert abs(variant.delta.params) <= 0.1 * count(original).params


def test_an_answer_that_was_read_has_no_variants() -> None:
    answer = solve(asked(two_convs(), "IV"))
    with pytest.raises(ValueError, match="solve the request again"):
        next(answer.model_copy(update={"problem": None}).variants())


@pytest.mark.parametrize("approach", ["I", "II", "III", "IV"])
@pytest.mark.parametrize(
    ("layers", "misfits"),
    [
        ([FLATTEN, linear()], "I II III IV"),
        ([conv(), RELU], "I III IV"),
        ([conv(), conv()], "I"),
        ([conv(), FLATTEN, linear()], "I IV"),
        ([FLATTEN, linear(), linear()], "II III IV"),
    ],
)
def test_what_an_approach_does_not_fit_is_refused_with_its_reason(
    layers: list[object], misfits: str, approach: str
) -> None:
    if approach not in misfits.split():
        assert asked(network(*layers), approach)
        return
    with pytest.raises(ValidationError, match=f"approach {approach} changes"):
        asked(network(*layers), approach)


def test_or_tools_is_loaded_only_once_a_problem_needs_it() -> None:
    code = """
import sys
from solver import Architecture, SolveRequest, count, solve
heavy = {"ortools", "numpy", "torch", "pandas"}
assert not heavy & {*sys.modules}, heavy & {*sys.modules}
layers = [{"type": "conv2d", "out_channels": 4, "kernel_size": 3, "padding": 1}]
architecture = {"input": {"channels": 1, "resolution": 8}, "layers": layers}
request = SolveRequest.model_validate(
    {"architecture": architecture, "approach": "II", "budget": "params"}
)
count(request.problem.architecture)
assert not heavy & {*sys.modules}, heavy & {*sys.modules}
assert solve(request).found
assert "ortools" not in sys.modules
layers += [{"type": "flatten"}, {"type": "linear", "out_features": 2}]
hopeless = {"architecture": architecture, "approach": "II", "budget": "params"}
hopeless["ranges"] = {"stride": [1, 1], "padding": [1, 1], "resolution": [16, 16]}
assert solve(SolveRequest.model_validate(hopeless)).explanation
assert "ortools" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
