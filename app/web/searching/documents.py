"""The documents that a search can start from, and how they are written into the form."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from app.shipped import example, names
from solver.network.architecture import Architecture
from solver.network.layers import Layer


class Example(NamedTuple):
    """A shipped example: its file's name without the ending, and what is in it."""

    name: str
    title: str


@cache
def examples() -> Sequence[Example]:
    """The shipped architectures, and the requests with one: all that a search can start from."""
    found = []
    for name in names():
        document = example(name)
        if "architecture" in document:
            title = f"{name}: approach {document['approach']}, equal {document['budget']}"
            found.append(Example(name, title))
        elif "layers" in document:
            found.append(Example(name, f"{name}: {len(document['layers'])} layers"))
    return found


def network_in(document: Any) -> Any:
    """The architecture in a document, which may be a whole search request."""
    return document["architecture"] if is_request(document) else document


def is_request(document: Any) -> bool:
    """Whether a document is a search request with an architecture in it."""
    return isinstance(document, Mapping) and "architecture" in document


def terms_in(request: Mapping[str, Any]) -> dict[str, Any]:
    """What a search request asks: all of it but the architecture."""
    return {name: value for name, value in request.items() if name not in _NOT_TERMS}


_NOT_TERMS: Final = frozenset({"architecture", "architecture_id"})


def document_of(architecture: Architecture) -> dict[str, Any]:
    """An architecture as people write it: without what is left to the defaults."""
    content = architecture.model_dump(
        mode="json", exclude_none=True, exclude={"layers": True}, exclude_defaults=True
    )
    return {**content, "layers": [_layer(layer) for layer in architecture.layers]}


def _layer(layer: Layer) -> dict[str, Any]:
    given = layer.model_dump(mode="json", exclude_defaults=True, exclude={"name", "type"})
    return {"name": layer.name, "type": layer.type, **given}


_INDENT: Final = "  "


def written(document: Any) -> str:
    """A document as text, with a line for each layer."""
    if not isinstance(document, Mapping) or not isinstance(document.get("layers"), list):
        return json.dumps(document, ensure_ascii=False, indent=2)
    lines = [
        f"{_INDENT}{_text(key)}: {_text(value)}"
        for key, value in document.items()
        if key != "layers"
    ]
    layers = ",\n".join(f"{_INDENT * 2}{_text(layer)}" for layer in document["layers"])
    lines.append(f'{_INDENT}"layers": [\n{layers}\n{_INDENT}]')
    return "{\n" + ",\n".join(lines) + "\n}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
