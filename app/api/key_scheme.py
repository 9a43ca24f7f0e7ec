"""How keys stand in the OpenAPI document, which the docs' button "Authorize" is made from."""

from copy import deepcopy
from typing import Any, Final

from fastapi import FastAPI

from app.api.access import OPEN_PATHS
from app.keys import READING
from app.schemas.problems import ProblemDetails

SCHEME: Final = "key"
DESCRIPTION: Final = (
    "`isobudget keys create` makes one. A key of scope `read` may only `GET`. Programs on the "
    "server's own machine need none, unless `ISOBUDGET_REQUIRE_KEY=always`."
)
PROBLEM: Final = {
    "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}
}


def describe_keys(app: FastAPI, *, is_optional: bool) -> None:
    """Have an application's OpenAPI document say which operations take a key."""
    build = app.openapi

    def openapi() -> dict[str, Any]:
        document = build()
        if SCHEME not in document.setdefault("components", {}).get("securitySchemes", {}):
            _add(document, is_optional)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _add(document: dict[str, Any], is_optional: bool) -> None:
    components = document["components"]
    scheme = {"type": "http", "scheme": "bearer", "description": DESCRIPTION}
    components.setdefault("securitySchemes", {})[SCHEME] = scheme
    schema = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    for name, nested in schema.pop("$defs", {}).items():
        components.setdefault("schemas", {}).setdefault(name, nested)
    components["schemas"].setdefault("ProblemDetails", schema)
    needed: list[dict[str, list[str]]] = [{SCHEME: []}]
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            if path in OPEN_PATHS:
                operation["security"] = []
                continue
            operation["security"] = [*needed, {}] if is_optional else needed
            for status, answer in _answers(method.upper()).items():
                operation["responses"].setdefault(status, answer)


def _answers(method: str) -> dict[str, Any]:
    """What a request without a valid key, or one too many, is answered."""
    text = {"schema": {"type": "string"}}
    challenge = {"WWW-Authenticate": text}
    found = {
        "401": {"description": "There is no valid key", "headers": challenge},
        "403": {"description": "The key may only read", "headers": challenge},
        "429": {
            "description": "Too many requests",
            "headers": {"Retry-After": {"schema": {"type": "integer"}}},
        },
    }
    if method in READING:
        del found["403"]
    return deepcopy({status: {**answer, "content": PROBLEM} for status, answer in found.items()})
