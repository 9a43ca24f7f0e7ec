"""Schemas of parts, whose JSON is one flat object."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.schemas.requests import SearchRequest
from app.schemas.search_terms import SearchTerms
from solver.problem import Best, Problem, Settings, SolveRequest
from tests.factories import original, search_body

BODY = search_body(limit=7, find={"best": "min_flops"}, tolerance=0.1)


def faults(body: object) -> list[tuple[Any, ...]]:
    with pytest.raises(ValidationError) as caught:
        SolveRequest.model_validate(body)
    return [details["loc"] for details in caught.value.errors()]


def test_a_request_is_one_object_outside_and_parts_inside() -> None:
    request = SolveRequest.model_validate(BODY)

    assert request.settings == Settings(limit=7, find=Best(best="min_flops"))
    assert request.problem.approach == BODY["approach"]
    dumped = request.model_dump(mode="json")
    assert not {"problem", "settings"} & {*dumped}
    assert {*dumped} == {*Problem.model_fields, *Settings.model_fields}
    assert SolveRequest.model_validate(dumped) == request
    assert SolveRequest.model_validate_json(request.model_dump_json()) == request


def test_it_can_be_made_of_its_parts_or_of_their_fields() -> None:
    request = SolveRequest.model_validate(BODY)

    assert SolveRequest(problem=request.problem, settings=request.settings) == request
    assert SolveRequest(**{**BODY, "architecture": original()}) == request


def test_every_fault_has_its_place_in_the_flat_object() -> None:
    body = {**BODY, "limit": "many", "ranges": {"stride": [5, 1]}, "speed": 3}
    body["architecture"] = {**BODY["architecture"], "layers": [{"type": "relu", "p": 1}]}

    assert {("limit",), ("ranges", "stride"), ("speed",)} < {*faults(body)}
    assert any(place[:2] == ("architecture", "layers") for place in faults(body))
    assert {*faults({})} == {("approach",), ("budget",), ("architecture",)}


@pytest.mark.parametrize("part", ["problem", "settings"])
@pytest.mark.parametrize("value", [{}, {"limit": 3}, None, 3])
def test_the_name_of_a_part_is_no_key(part: str, value: object) -> None:
    assert [*faults({**BODY, part: value})] == [(part,)]


@pytest.mark.parametrize("body", [None, 3, [BODY], "all"])
def test_what_is_no_object_is_refused(body: object) -> None:
    assert [*faults(body)] == [()]


def test_its_json_schema_is_that_of_the_flat_object() -> None:
    schema = SearchRequest.model_json_schema()

    assert not {"question", "settings"} & {*schema["properties"]}
    assert {*schema["properties"]} == {*Problem.model_fields, *Settings.model_fields} | {
        "architecture_id"
    }
    assert schema["required"] == ["approach", "budget"]
    assert schema["additionalProperties"] is False


def test_terms_that_are_filled_in_name_every_range_with_a_default() -> None:
    filled = SearchTerms.model_validate({"approach": "IV", "budget": "params"}).filled(original())

    assert filled.question.ranges == Problem.of(filled.question, original()).bounds
    assert filled.question.ranges.resolution == (6, 10)
    assert {*filled.model_dump()} == {*Problem.model_fields, *Settings.model_fields} - {
        "architecture"
    }
