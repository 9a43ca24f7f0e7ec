"""What the fields of a schema accept, in words derived from its JSON Schema."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError

EXPECTED: Final = "expected"
"""Type of faults that say what is expected; what was given is added later."""
PRINTABLE: Final = "^[ -~]*$"
"""Letters, digits, punctuation and blanks of ASCII."""
MADE_OF: Final[Mapping[str, str]] = {
    r"^[A-Za-z0-9_-]+$": "letters, digits, '_' and '-'",
    r"^[A-Za-z0-9_-]*$": "letters, digits, '_' and '-'",
    PRINTABLE: "printable ASCII characters",
}
"""The characters that each of these patterns allows, in words."""


@lru_cache
def _document(schema: type[BaseModel]) -> dict[str, Any]:
    return schema.model_json_schema()


@lru_cache
def taker(schema: type[BaseModel], name: str) -> Callable[[Any], bool]:
    """A function that says whether a field accepts a value."""
    adapter = _adapter(schema, name)

    def takes(value: Any) -> bool:
        return _refusal_of(adapter, value) is None

    return takes


def choices(schema: type[BaseModel], name: str) -> Sequence[str]:
    """The words that a field accepts; empty if its values are not listed words."""
    field = _document(schema)["properties"][name]
    return [word for form in field.get("anyOf", [field]) for word in form.get("enum", [])]


def _adapter(schema: type[BaseModel], name: str) -> TypeAdapter[Any]:
    field = schema.model_fields[name]
    annotation: Any = Annotated[field.annotation, field]
    return TypeAdapter(annotation)


def _refusal_of(adapter: TypeAdapter[Any], value: Any) -> ValidationError | None:
    try:
        adapter.validate_python(value)
    except ValidationError as refused:
        return refused
    return None


@lru_cache
def what(schema: type[BaseModel], name: str) -> str:
    """What a field accepts, in words: those of its own validator if it has some."""
    refused = _refusal_of(_adapter(schema, name), object())
    first = refused.errors(include_url=False)[0] if refused else None
    if first and first["type"] == EXPECTED and not first["loc"]:
        return str(first["ctx"]["what"])
    document = _document(schema)
    return _words(document["properties"][name], document.get("$defs", {}))


def _words(field: Mapping[str, Any], named: Mapping[str, Any]) -> str:
    """What a JSON Schema accepts, in words."""
    if "$ref" in field:
        return _words(named[field["$ref"].rpartition("/")[2]], named)
    if choices := field.get("enum") or ([field["const"]] if "const" in field else []):
        return listed([quoted(it) for it in choices], "or")
    if forms := field.get("anyOf") or field.get("oneOf"):
        words = [_words(it, named) for it in forms if it.get("type") != "null"]
        return ", or ".join(dict.fromkeys(words))
    match field.get("type"):
        case "integer":
            return "a whole number" + _between(field, 1)
        case "number":
            return "a number" + _between(field, None)
        case "boolean":
            return "true or false"
        case "string" if "maxLength" in field:
            made_of = MADE_OF.get(field.get("pattern", ""), "characters")
            return f"text of {field.get('minLength', 0)} to {field['maxLength']:,} {made_of}"
        case "string":
            return "text"
        case "array":
            items = _words(field.get("items", {}), named)
            return f"a list; each of its items is {items}" if "items" in field else "a list"
        case _:
            return _members(field)


def _between(field: Mapping[str, Any], step: int | None) -> str:
    """The bounds of a number."""
    low, high = field.get("minimum"), field.get("maximum")
    above, below = field.get("exclusiveMinimum"), field.get("exclusiveMaximum")
    if step is not None:
        low = above + step if above is not None else low
        high = below - step if below is not None else high
        above = below = None
    ends = {"from ": low, "above ": above, "to ": high, "below ": below}
    match [word + _figure(end) for word, end in ends.items() if end is not None]:
        case [lower, upper] if lower.startswith("from"):
            return f" {lower} {'' if upper.startswith('to') else 'to '}{upper}"
        case [lower, upper]:
            return f" {lower} and {upper.removeprefix('to ')}"
        case [only]:
            return f" {only}".replace(" from ", " of at least ").replace(" to ", " of at most ")
        case _:
            return ""


def _figure(number: float) -> str:
    return f"{int(number):,}" if number == int(number) else f"{number:,}"


def an_object(schema: type[BaseModel]) -> str:
    """The words for an object: its required fields, or all fields if none is required."""
    return _members(_document(schema))


def _members(field: Mapping[str, Any]) -> str:
    names = field.get("required") or [*field.get("properties", {})]
    most = 6
    shown = [f"'{name}'" for name in names[:most]] + ["others"] * (len(names) > most)
    return f"an object with {listed(shown, 'and')}" if shown else "an object"


def listed(words: Sequence[str], joint: str) -> str:
    """``a, b and c``."""
    *first, last = words
    return f"{', '.join(first)} {joint} {last}" if first else last


def quoted(value: Any) -> str:
    """A value as it stands in JSON."""
    return json.dumps(value, ensure_ascii=False)
