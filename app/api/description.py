"""The OpenAPI document: what FastAPI derives from the routes, completed and made once.

FastAPI describes parameters, bodies and successes. Problems and headers are added here, by kind of
route (:mod:`app.api.responses`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final, get_args

from fastapi import FastAPI, Response
from pydantic_core import to_json

from app.api import responses
from app.experiments.failures import FAILURES
from app.experiments.recipes import Recipe
from app.schemas.problems import ProblemDetails
from app.schemas.requests import Inputs
from app.schemas.results import Verdict
from app.schemas.studies import Phase
from app.schemas.study_results import SpreadOf
from app.schemas.study_terms import Contrast, Control, ControlsIn
from app.schemas.workers import ENGINES, AskerKind, WorkerState
from app.states import STATES, RunState
from solver.answers.variants import Outcome
from solver.approaches import APPROACHES
from solver.problem import Budget, Counted, Dtype, ObjectiveName, Scope
from solver.variation.grouping import Grouped, Squeeze

Json = dict[str, Any]

_SCHEMAS: Final = "#/components/schemas/"
_BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_ROLE: Final = re.compile(r":[a-z]+:`~?([^`]+)`")

_ENUMERATIONS: Final[Mapping[str, Sequence[str]]] = {
    "Approach": tuple(APPROACHES),
    "Budget": get_args(Budget),
    "Scope": get_args(Scope),
    "Objective": get_args(ObjectiveName),
    "Counted": get_args(Counted),
    "Dtype": get_args(Dtype),
    "Grouped": get_args(Grouped),
    "Squeeze": get_args(Squeeze),
    "Outcome": get_args(Outcome),
    "Verdict": get_args(Verdict),
    "State": STATES,
    "RunState": get_args(RunState),
    "Failure": FAILURES,
    "Inputs": get_args(Inputs),
    "Phase": get_args(Phase),
    "Engine": ENGINES,
    "AskerKind": get_args(AskerKind),
    "WorkerState": get_args(WorkerState),
    "Contrast": get_args(Contrast),
    "Control": get_args(Control),
    "SpreadOf": get_args(SpreadOf),
    "ControlsIn": get_args(ControlsIn),
    "FindAll": ("all",),
    "SamePadding": ("same",),
    **{f"Recipe{name.capitalize()}": get_args(Recipe.model_fields[name].annotation)
       for name in ("name", "optimizer", "schedule")},
}  # fmt: skip
"""Values that fields choose from, by the names that generated clients give them."""


class Description:
    """The OpenAPI document of an application; it is made when it is first asked for."""

    def __init__(self, app: FastAPI) -> None:
        self._derive = app.openapi

    @cached_property
    def document(self) -> Json:
        """The document."""
        document = self._derive()
        components = document["components"]
        components["schemas"] |= _schemas_of_problems()
        components["headers"] = dict(responses.HEADERS)
        components["responses"] = {
            name: responses.problem(status, text)
            for status, (name, text) in responses.PROBLEMS.items()
        }
        for path, item in document["paths"].items():
            for method, operation in item.items():
                _complete(method, path, operation)
        _name_enumerations(document)
        _polish(document)
        _leave_out_what_nothing_refers_to(document)
        return document

    @cached_property
    def content(self) -> bytes:
        """The document as JSON."""
        return to_json(self.document)


def install(app: FastAPI) -> None:
    """Have an application answer the complete document where FastAPI answers its own."""
    description = Description(app)
    app.openapi = lambda: description.document  # type: ignore[method-assign]
    url = app.openapi_url
    assert url is not None
    app.router.routes[:] = [
        route for route in app.router.routes if getattr(route, "path", None) != url
    ]

    @app.get(url, include_in_schema=False)
    def _openapi() -> Response:
        return Response(description.content, media_type="application/json")


def _schemas_of_problems() -> Json:
    schema = ProblemDetails.model_json_schema(
        ref_template=_SCHEMAS + "{model}", mode="serialization"
    )
    return {**schema.pop("$defs"), "ProblemDetails": schema}


def _complete(method: str, path: str, operation: Json) -> None:
    """Add the problems that an operation may answer, and the headers of all its answers."""
    answers = operation["responses"]
    answers.pop("422", None)  # FastAPI's own, which is not answered
    for code, answer in answers.items():
        if (status := int(code)) >= 400:
            answers[code] = responses.problem(status, answer["description"])
            continue
        answer["headers"] = {**responses.headers_of(status), **answer.get("headers", {})}
        for media in answer.get("content", {}).values():
            _leave_out_needless_type(media["schema"])
        if answer["description"] == "Successful Response":
            answer["description"] = HTTPStatus(status).phrase
    for status in responses.problems_of(method, path):
        answers.setdefault(f"{status}", responses.common_problem(status))
    operation["responses"] = dict(sorted(answers.items()))


def _leave_out_needless_type(schema: Json) -> None:
    """Remove the type that FastAPI gives whatever is not JSON where a schema is declared."""
    if schema.keys() & {"$ref", "oneOf", "anyOf"}:
        schema.pop("type", None)


def _polish(value: Any) -> None:
    """Turn reStructuredText in descriptions into Markdown, and bounds of integers into integers."""
    for node in _nodes(value):
        if isinstance(text := node.get("description"), str):
            plain = _ROLE.sub(r"`\1`", text).replace("``", "`")
            node["description"] = plain.replace("`None`", "`null`")
        if node.get("type") == "integer":
            node.update({name: int(node[name]) for name in _BOUNDS if name in node})


def _nodes(value: Any) -> Iterator[Json]:
    """Yield every object in a document."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from _nodes(inner)


def _name_enumerations(document: Json) -> None:
    """Make a component of each enumeration, and refer to it wherever it occurs."""
    names = {tuple(values): name for name, values in _ENUMERATIONS.items()}
    for node in _nodes(document):
        for form in (*node.get("anyOf", ()), *node.get("oneOf", ())):
            if "const" in form:  # generated clients would take it for the only form
                form["enum"] = [form.pop("const")]
    for node in _nodes(document):
        if name := names.get(tuple(node.get("enum", ()))):
            node["$ref"] = _SCHEMAS + name
            for needless in ("enum", "type", "title"):
                node.pop(needless, None)
    document["components"]["schemas"] |= {
        name: {"title": name, "type": "string", "enum": [*values]}
        for name, values in _ENUMERATIONS.items()
    }


def _leave_out_what_nothing_refers_to(document: Json) -> None:
    """Remove components that no operation needs, such as the parts of flat requests."""
    components = document["components"]
    needed: set[str] = set()
    new = set(_references(document["paths"]))
    while new:
        needed |= new
        found = {reference for it in new for reference in _references(_resolved(document, it))}
        new = found - needed
    for kind in ("schemas", "responses", "headers"):
        components[kind] = {
            name: component
            for name, component in components[kind].items()
            if f"#/components/{kind}/{name}" in needed
        }


def _references(value: Any) -> Iterator[str]:
    for node in _nodes(value):
        if isinstance(reference := node.get("$ref"), str):
            yield reference
        yield from node.get("discriminator", {}).get("mapping", {}).values()


def _resolved(document: Json, reference: str) -> Any:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found
