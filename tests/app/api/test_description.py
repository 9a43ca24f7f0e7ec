"""The OpenAPI document: complete, valid, and without anything that says nothing."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate
from starlette.testclient import TestClient

from app.api import responses
from app.api.access import OPEN_PATHS
from app.schemas.events import JobMessage, SearchMessage
from tests.app.api.described import Json, document, operations, resolved

NAMES = {
    "create_architecture", "list_architectures", "get_architecture",
    "create_search", "list_searches", "get_search", "delete_search", "list_search_variants",
    "follow_search",
    "list_variants", "get_variant",
    "list_datasets",
    "create_job", "list_jobs", "get_job", "list_runs", "cancel_job", "follow_job",
    "download_results", "download_architecture_source", "download_variant_source",
    "download_architecture_onnx", "download_variant_onnx",
    "download_variants", "download_search_variants", "retry_job",
    "create_study", "list_studies", "get_study", "cancel_study", "follow_study",
    "download_study_results",
    "plan_study",
    "list_workers",
    "get_health", "get_readiness", "get_metrics",
}  # fmt: skip
"""What generated clients call their functions."""


def nodes(value: Any, place: str = "#") -> Iterator[tuple[str, Json]]:
    """Every object in a document, with its place."""
    if isinstance(value, dict):
        yield place, value
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if isinstance(inner, dict | list) and key not in ("example", "examples", "default"):
            yield from nodes(inner, f"{place}/{key}")


def schemas() -> Iterator[tuple[str, Any]]:
    """Every schema in the document, with its place."""
    for place, node in nodes(document()):
        for name in ("schema", "items", "additionalProperties"):
            if name in node and place.rpartition("/")[2] != "properties":
                yield f"{place}/{name}", node[name]
        if place.endswith(("/properties", "/components/schemas")):
            yield from ((f"{place}/{name}", inner) for name, inner in node.items())


def answers() -> Iterator[tuple[str, int, Json]]:
    """Every answer of every operation: the operation's name, the status, the description."""
    for *_, operation in operations():
        for status, reference in operation["responses"].items():
            yield operation["operationId"], int(status), resolved(reference)


def schema(name: str) -> Json:
    found: Json = document()["components"]["schemas"][name]
    return found


def test_the_document_is_valid_openapi() -> None:
    validate(document())


def test_operations_keep_the_names_that_clients_know() -> None:
    assert {operation["operationId"] for *_, operation in operations()} == NAMES


def test_every_status_has_a_text_and_every_problem_a_schema() -> None:
    for name, status, answer in answers():
        assert answer["description"], (name, status)
        assert "X-Request-ID" in answer["headers"], (name, status)
        if status >= 400:
            media = answer["content"][responses.PROBLEM]
            assert media["schema"] == {"$ref": "#/components/schemas/ProblemDetails"}


def test_the_kind_of_an_operation_says_which_problems_it_answers() -> None:
    for method, path, operation in operations():
        described = {int(status) for status in operation["responses"]}

        assert {400, 408, 413, 414, 421, 422, 431, 500, 503} <= described, path
        assert ({401, 403, 429} <= described) == (path not in OPEN_PATHS), path
        assert (415 in described) == (method == "post"), path
        assert 404 in described or "{" not in path, path


def test_statuses_bring_the_headers_that_belong_to_them() -> None:
    belong = {201: "Location", 202: "Retry-After", 401: "WWW-Authenticate",
              429: "Retry-After", 503: "Retry-After"}  # fmt: skip
    for name, status, answer in answers():
        assert status not in belong or belong[status] in answer["headers"], (name, status)


@pytest.mark.parametrize("id_", ["create_job", "delete_search"])
def test_what_the_state_of_a_resource_may_forbid_says_so(id_: str) -> None:
    (operation,) = (it for *_, it in operations() if it["operationId"] == id_)

    assert operation["responses"]["409"]["description"]


def test_no_schema_takes_or_answers_just_anything() -> None:
    for place, found in schemas():
        if isinstance(found, bool):
            assert found is False, place
            continue
        assert found.keys() & {"type", "$ref", "anyOf", "oneOf", "const", "enum"}, place
        if found.get("type") == "object":
            assert found.get("properties") or found["additionalProperties"], place
        if found.get("type") == "array":
            assert found.get("items") or found["prefixItems"], place


def test_every_component_is_referred_to() -> None:
    text = json.dumps(document())
    for kind in ("schemas", "responses", "headers"):
        for name in document()["components"][kind]:
            assert f'"#/components/{kind}/{name}"' in text, name


def test_sent_and_answered_networks_have_one_schema() -> None:
    assert not [name for name in document()["components"]["schemas"] if "-" in name]


def test_layers_are_told_apart_by_their_type_which_is_required() -> None:
    layers = schema("Architecture")["properties"]["layers"]["items"]
    mapping = layers["discriminator"]["mapping"]

    assert layers["discriminator"]["propertyName"] == "type"
    assert len(mapping) == len(layers["oneOf"])
    for name, reference in mapping.items():
        layer = schema(reference.rpartition("/")[2])
        assert layer["properties"]["type"]["const"] == name
        assert "type" in layer["required"]


def test_a_tolerance_may_be_sent_as_a_number_and_is_answered_as_a_band() -> None:
    sent = schema("SearchRequest")["properties"]["tolerance"]
    answered = schema("TermsView")["properties"]["tolerance"]

    assert [form.get("type") or form["$ref"] for form in sent["anyOf"]] == [
        "number",
        "#/components/schemas/Tolerance",
    ]
    assert answered["$ref"] == "#/components/schemas/Tolerance"


def test_no_field_that_refers_to_a_schema_has_an_object_as_its_default() -> None:
    """Generators of clients leave such requests out."""
    for place, node in nodes(document()):
        assert not isinstance(node.get("default"), dict), place


def test_changes_of_a_recipe_have_no_defaults_since_these_depend_on_its_name() -> None:
    changes, recipe = schema("RecipeChanges"), schema("Recipe")

    assert changes["properties"].keys() == recipe["properties"].keys()
    assert not [name for name, field in changes["properties"].items() if "default" in field]
    assert not changes.get("required")
    assert set(recipe["required"]) == set(recipe["properties"])


@pytest.mark.parametrize(
    ("name", "message", "events"),
    [
        ("follow_job", JobMessage, {"epoch", "run", "progress", "end"}),
        ("follow_search", SearchMessage, {"progress", "end"}),
    ],
)
def test_events_are_described_each_with_its_data(name: str, message: Any, events: set[str]) -> None:
    (operation,) = (it for *_, it in operations() if it["operationId"] == name)
    stream = operation["responses"]["200"]["content"]["text/event-stream"]["schema"]

    assert set(stream["discriminator"]["mapping"]) == events
    assert "type" not in stream
    assert len(stream["oneOf"]) == len(message.__args__[0].__args__)
    for form in stream["oneOf"]:
        data = resolved(form)["properties"]["data"]
        assert (data["type"], data["contentMediaType"]) == ("string", "application/json")
        assert resolved(data["contentSchema"])["properties"]


def test_every_enumeration_is_a_component_so_that_clients_name_it_once() -> None:
    components = document()["components"]["schemas"]
    for place, node in nodes(document()):
        if "enum" in node:
            assert place.removeprefix("#/components/schemas/") in components, place
        for form in (*node.get("anyOf", ()), *node.get("oneOf", ())):
            assert "const" not in form, place


def test_texts_are_markdown() -> None:
    for place, node in nodes(document()):
        text = node.get("description")
        if isinstance(text, str):
            assert not re.search(r"``|:[a-z]+:`|`None`|\n---", text), place


def test_the_document_is_made_once(
    sqlite_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sqlite_client.get("/openapi.json")
    monkeypatch.setattr(responses, "problems_of", None)

    assert first.json() == document()
    assert sqlite_client.get("/openapi.json").content == first.content
