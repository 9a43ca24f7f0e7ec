"""Approach V: which networks it fits, what may be asked of their widths, and what suits it."""

from typing import Any

import pytest
from pydantic import ValidationError

from solver.answers.variants import MEASURES
from solver.approaches import APPROACHES
from solver.approaches.five import RESERVED
from solver.network.architecture import Architecture
from solver.problem import Best, Problem, Sample, SolveRequest
from solver.variation.unknown import RESOLUTION, Range
from solver.variation.whole import WholeTemplate, Widths
from tests.solver.factories import (
    FLATTEN,
    GLOBAL_POOL,
    conv,
    linear,
    network,
    problem,
    shipped_network,
)

ASKED = {"approach": "V", "budget": "both", "ranges": {"resolution": [256, 256]}}


@pytest.fixture(scope="module")
def resnet() -> Architecture:
    return shipped_network("resnet18")


def whole(original: Architecture, **widths: Any) -> WholeTemplate:
    template = problem(original, **{**ASKED, "widths": widths}).template
    assert isinstance(template, WholeTemplate)
    return template


def refused(original: Architecture, **asked: Any) -> dict[tuple[Any, ...], str]:
    """The faults of a request, by place."""
    with pytest.raises(ValidationError) as refusal:
        SolveRequest.model_validate({"architecture": original, **ASKED, **asked})
    return {details["loc"]: details["msg"] for details in refusal.value.errors()}


def test_there_is_an_unknown_for_each_width_group_named_after_its_first_layer(
    resnet: Architecture,
) -> None:
    assert whole(resnet).assigned[:4] == ("N", "conv1", "layer1.0.conv1", "layer1.1.conv1")
    assert len(whole(resnet).assigned) == 13


def test_bounds_are_ratios_unless_a_group_has_its_own(resnet: Architecture) -> None:
    widths = whole(resnet, ratio=[0.5, 1.3], step=8, groups={"layer1.0.conv1": [40, 90]}).widths
    assert widths["conv1"] == Widths(32, 83, 8)
    assert widths["conv1"].in_steps == Range(4, 10)
    assert widths["layer1.0.conv1"] == Widths(40, 90, 8)


def test_a_frozen_pattern_names_groups_by_the_layers_that_make_them(resnet: Architecture) -> None:
    widths = whole(resnet, freeze=["layer1.1.conv2", "layer4.*.conv1"]).widths
    fixed = [name for name, it in widths.items() if it.only is not None]
    assert fixed == ["conv1", "layer4.0.conv1", "layer4.1.conv1"]
    assert widths["conv1"] == Widths(64, 64, 1)


def test_names_that_stand_for_no_group_are_refused_with_what_is_near(resnet: Architecture) -> None:
    widths = {"freeze": ["layer9.*"], "groups": {"layer1.1.conv2": [9, 9], "layer4.0.con": [9, 9],
                                                 "fc": [9, 9]}}  # fmt: skip
    found = refused(resnet, widths=widths)
    assert "'layer9.*'" in found["widths", "freeze", 0]
    assert "write 'conv1'" in found["widths", "groups", "layer1.1.conv2"]
    assert "layer4.0.conv1" in found["widths", "groups", "layer4.0.con"]
    assert "the network's output" in found["widths", "groups", "fc"]


@pytest.mark.parametrize(
    ("asked", "place", "words"),
    [
        ({"scope": "paper"}, ("scope",), "leave it out"),
        ({"kernel_grows": False}, ("kernel_grows",), "approaches I, II, III and IV"),
        ({"min_coverage": 0.5}, ("min_coverage",), "leave it out"),
        ({"ranges": {"stride": [1, 2]}}, ("ranges", "stride"), "write 'widths'"),
        ({"find": "all"}, ("find",), '{"best": "closest"}'),
        ({"find": {"best": "min_flops"}}, ("find", "best"), "'closest'"),
        ({"widths": {"ratio": [2, 0.5]}}, ("widths", "ratio"), "[0.5, 2]"),
        ({"widths": {"steps": 8}}, ("widths", "steps"), "'step'"),
    ],
)
def test_what_does_not_suit_it_is_refused_with_the_remedy(
    resnet: Architecture, asked: dict[str, Any], place: tuple[Any, ...], words: str
) -> None:
    assert words in refused(resnet, **asked)[place]


@pytest.mark.parametrize(
    "asked",
    [
        {"widths": {"step": 8}},
        {"count": "macs"},
        {"max_params": 9},
        {"max_activation_bytes": 9},
        {"dtype": "int8"},
    ],
)
def test_its_fields_are_refused_for_other_approaches(
    resnet: Architecture, asked: dict[str, Any]
) -> None:
    (name,) = asked
    found = refused(resnet, approach="II", **asked)
    assert found == {(name,): "this belongs to approach V; for approach II, leave it out"}


def test_other_approaches_have_none_of_its_objectives(resnet: Architecture) -> None:
    found = refused(resnet, approach="II", find={"best": "closest"})
    assert "'nearest_budget'" in found["find", "best"]


def test_the_closest_are_answered_unless_something_else_is_asked_for(resnet: Architecture) -> None:
    asked = {"architecture": resnet, **ASKED}
    assert SolveRequest.model_validate(asked).settings.find == Best(best="closest")
    drawn = SolveRequest.model_validate({**asked, "find": {"sample": 3}})
    assert drawn.settings.find == Sample(sample=3)


def test_resolutions_go_from_the_originals_to_twice_as_much_by_default(
    resnet: Architecture,
) -> None:
    asked = Problem.model_validate({"architecture": resnet, "approach": "V", "budget": "both"})
    assert asked.bounds.resolution == (224, 448)
    assert asked.bounds.stride is None
    request = SolveRequest.model_validate({"architecture": resnet, **ASKED}).filled()
    assert request.problem.widths is not None
    assert SolveRequest.model_validate_json(request.model_dump_json()) == request


@pytest.mark.parametrize(
    ("original", "words"),
    [
        (network(GLOBAL_POOL, FLATTEN, linear(3)), "none besides its output's"),
        (network({**conv(4), "name": "N"}, GLOBAL_POOL, FLATTEN, linear(3)), "rename this layer"),
    ],
)
def test_networks_that_it_does_not_fit_are_refused(original: Architecture, words: str) -> None:
    misfit = APPROACHES["V"].misfit(original)
    assert misfit is not None
    assert words in misfit[1]


def test_no_unknown_can_have_the_name_of_another_column() -> None:
    assert {RESOLUTION, *MEASURES} <= RESERVED


def test_rectangles_keep_their_ratio() -> None:
    template = whole(shipped_network("pilotnet"))
    own = dict(zip(template.groups.names, template.groups.sizes, strict=True))
    variant = template.architecture({RESOLUTION: 99, **own})
    assert variant.input.shape == (3, 99, 300)
