"""Holds what the service answers against what its OpenAPI document says."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import httpx2
import jsonschema_rs

from app.config import Settings
from app.main import create_app

Json = dict[str, Any]

_METHODS: Final = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


@cache
def document() -> Json:
    """The OpenAPI document, as an application with usual settings answers it."""
    return create_app(Settings()).openapi()


def operations() -> Iterator[tuple[str, str, Json]]:
    """Method, path and description of every operation."""
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield method, path, operation


def resolved(value: Json) -> Json:
    """What a reference stands for."""
    while "$ref" in value:
        found: Any = document()
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def check(answer: httpx2.Response) -> None:
    """Fail unless an answer is as its operation is described.

    Answers to places and methods that are not described are problems.
    """
    answer.read()
    operation = _operation(answer.request)
    if operation is None:
        return
    told = f"{answer.request.method} {answer.request.url}: {answer.status_code}"
    assert f"{answer.status_code}" in operation["responses"], f"{told} is not described"
    described = resolved(operation["responses"][f"{answer.status_code}"])
    for name, header in described["headers"].items():
        if name in answer.headers:
            assert _accepts(resolved(header)["schema"], _value(answer.headers[name])), name
    if not answer.content:
        return
    media_type = answer.headers["Content-Type"].partition(";")[0]
    assert media_type in described["content"], f"{told} as {media_type} is not described"
    schema = described["content"][media_type]["schema"]
    for body in _documents(media_type, answer.text):
        _validator(json.dumps(schema)).validate(body)
        if media_type == "text/event-stream":
            message = resolved({"$ref": schema["discriminator"]["mapping"][body["event"]]})
            data = message["properties"]["data"]["contentSchema"]
            _validator(json.dumps(data)).validate(json.loads(body["data"]))


def _operation(request: httpx2.Request) -> Json | None:
    for path, pattern in _patterns().items():
        if pattern.fullmatch(request.url.path):
            found: Json | None = document()["paths"][path].get(request.method.lower())
            return found
    return None


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    """A pattern for each path; those without parameters come first."""
    paths = sorted(document()["paths"], key=lambda path: path.count("{"))
    return {path: re.compile(re.sub(r"\{\w+\}", "[^/]+", path)) for path in paths}


def _documents(media_type: str, text: str) -> Iterator[Any]:
    """The JSON documents in a body, or the events of a stream."""
    if media_type.endswith("json"):
        yield json.loads(text)
    elif media_type == "text/event-stream":
        yield from messages(text)
    else:
        yield text


def messages(text: str) -> Iterator[Json]:
    """The events of a stream as objects."""
    for block in text.split("\n\n"):
        lines = [line.partition(": ") for line in block.splitlines() if not line.startswith(":")]
        fields: Json = {name: value for name, _, value in lines}
        if fields:
            yield fields


def _accepts(schema: Json, value: Any) -> bool:
    return bool(_validator(json.dumps(schema)).is_valid(value))


def _value(header: str) -> int | str:
    return int(header) if header.isdecimal() else header


@cache
def _validator(schema: str) -> Any:
    """A validator of a schema that refers to the document's components."""
    whole = {**json.loads(schema), "components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole)
