"""Reads query strings strictly: known names, each once, and numbers and flags plainly written."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, get_args, get_origin
from urllib.parse import parse_qsl

from fastapi import params
from pydantic.fields import FieldInfo

from app.errors import Fault
from app.json_reader import unstorable
from solver.network.expectations import listed
from solver.network.slips import right_key, shown

MOST: Final = 100
"""Parameters in a query string; no call has as many."""


class Parameter(NamedTuple):
    """What a call declares of a query parameter: the types that it takes, and how often."""

    types: frozenset[Any]
    repeats: bool = False


class Form(NamedTuple):
    """How values of a type are written, and what a user is told."""

    pattern: re.Pattern[str]
    words: str


FORMS: Final[Mapping[type, Form]] = {
    bool: Form(re.compile("true|false"), "expected true or false"),
    int: Form(re.compile("-?[0-9]+"), "expected a whole number, written in digits only"),
    float: Form(
        re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"), "expected a number such as 0.5"
    ),
}
"""Pydantic also takes ``+5``, ``1_0``, ``5.0`` and ``yes``, which other readers would not."""


def parameters(declared: Sequence[Any]) -> dict[str, Parameter]:
    """The query parameters among the fields that FastAPI found in a route's signature."""
    return {
        field.alias: _parameter(field.field_info)
        for field in declared
        if getattr(field.field_info, "in_", params.ParamTypes.query) is params.ParamTypes.query
    }


def _parameter(field: FieldInfo) -> Parameter:
    types = frozenset(_types(field.annotation))
    return Parameter(types, repeats=bool(types & {list, tuple, set, frozenset}))


def _types(annotation: Any) -> Iterator[Any]:
    """The plain types of an annotation: ``int`` and ``None`` of ``Annotated[int, …] | None``."""
    if get_origin(annotation) is not None:
        yield get_origin(annotation)
    for inner in get_args(annotation):
        yield from _types(inner)
    yield annotation if isinstance(annotation, type) else None


def faults(query: bytes, known: Mapping[str, Parameter]) -> list[Fault]:
    """What is wrong with a query string, whatever the values mean."""
    try:
        pairs = parse_qsl(
            query.decode("latin-1"), keep_blank_values=True, errors="strict", max_num_fields=MOST
        )
    except UnicodeDecodeError:
        return [Fault("query", "the query string is not UTF-8")]
    except ValueError:
        return [Fault("query", f"a query string has at most {MOST} parameters")]
    return list(_faults(pairs, known))


def _faults(pairs: Sequence[tuple[str, str]], known: Mapping[str, Parameter]) -> Iterator[Fault]:
    seen: set[str] = set()
    for name, value in pairs:
        place = f"query/{shown(name)}"
        if name not in known:
            yield Fault(place, _unknown([*known], name))
        elif name in seen and not known[name].repeats:
            yield Fault(place, "this parameter is given twice; leave one of them out")
        elif reason := unstorable(value) or _oddly_written(value, known[name]):
            yield Fault(place, reason)
        seen.add(name)


def _unknown(known: Sequence[str], name: str) -> str:
    if not known:
        return "this call takes no query parameters"
    named = f"known are {listed(known, 'and')}"
    meant = right_key(known, name)
    what = f"unknown key '{shown(name)}'"
    return f"{what}; {named}" if meant == named else f"{what}; {meant} ({named})"


def _oddly_written(value: str, parameter: Parameter) -> str | None:
    """Why a value is not taken although pydantic would take it, in words."""
    for kind, form in FORMS.items():
        if kind in parameter.types:
            return None if form.pattern.fullmatch(value) or not _is_lax(value) else form.words
    return None


def _is_lax(value: str) -> bool:
    """Whether pydantic might take a value as a number or a flag; others it refuses in words."""
    try:
        float(value)
    except ValueError:
        return value.strip().lower() in _FLAGS
    return True


_FLAGS: Final = frozenset(["1", "0", "true", "false", "t", "f", "yes", "no", "y", "n", "on", "off"])
