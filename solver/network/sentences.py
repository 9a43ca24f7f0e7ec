"""Faults in sentences: what is expected and, for common slips, what to write instead.

Pydantic's own messages never reach users. Every :class:`solver.network.schema.Schema` rewords its
faults with :func:`retold`; :func:`sentence` rewords those of parameters without such a schema.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from solver.network import expectations, slips
from solver.network.expectations import EXPECTED, MADE_OF, an_object, quoted

if TYPE_CHECKING:
    from solver.network.schema import Fault, Place

MISSING: Final = "this is missing"
"""How every sentence about a missing value begins."""

_WHAT: Final[Mapping[str, str]] = {
    **dict.fromkeys(["int_type", "int_parsing", "int_from_float"], "a whole number"),
    "int_parsing_size": "a whole number with fewer digits",
    **dict.fromkeys(["float_type", "float_parsing"], "a number"),
    "finite_number": "a finite number",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    **dict.fromkeys(["bool_type", "bool_parsing"], "true or false"),
    "string_type": "text",
    "string_too_short": "text, at least {min_length} characters long",
    "string_too_long": "text, at most {max_length} characters long",
    "string_pattern_mismatch": "text of {pattern}",
    "literal_error": "{expected}",
    "enum": "{expected}",
    **dict.fromkeys(["list_type", "tuple_type", "iterable_type"], "a list"),
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    **dict.fromkeys(["model_type", "model_attributes_type", "dict_type", "mapping_type"]
                    , "an object"),
    "none_required": "null",
}  # fmt: skip
"""What is expected, for each type of error that pydantic reports."""

_PYDANTICS: Final = frozenset(get_args(core_schema.ErrorType))
_IS_NO_OBJECT: Final = ("model_type", "model_attributes_type")


def expected(what: str) -> PydanticCustomError:
    """A fault; the enclosing schema adds what was given and what to write instead."""
    return PydanticCustomError(EXPECTED, "expected {what}", {"what": what})


def told(message: str) -> PydanticCustomError:
    """A fault with a complete message; characters that are not valid Unicode are escaped."""
    reason = message.encode("utf-8", "backslashreplace").decode()
    return PydanticCustomError("sentence", "{reason}", {"reason": reason})


def refusal(title: str, faults: Iterable["Fault"]) -> ValidationError:
    """A validation error with these faults; all but :data:`MOST_FAULTS` are only counted."""
    listed = list(faults)
    errors = [error(*fault) for fault in listed[:MOST_FAULTS]]
    if left := len(listed) - len(errors):
        errors.append(others(left))
    return ValidationError.from_exception_data(title, errors)


MOST_FAULTS: Final = 100
"""Faults of one document that are put into words; others are counted."""
OTHERS: Final = "others"
"""Type of the fault that stands for all faults that are only counted."""
_worded: ContextVar[list[int] | None] = ContextVar("_worded", default=None)


def others(number: int) -> InitErrorDetails:
    """A fault that stands for so many that are not listed."""
    context = {"number": number, "shown": f"{number:,}"}
    kind = PydanticCustomError(OTHERS, "{shown} more faults are not listed", context)
    return InitErrorDetails(type=kind, loc=(), input=None)


def number_of(details: Any) -> int:
    """How many faults an error stands for."""
    return int(details["ctx"]["number"]) if details["type"] == OTHERS else 1


@contextmanager
def few() -> Iterator[None]:
    """Put only the first :data:`MOST_FAULTS` refused objects into words until the block is left.

    Words take a hundred times as long as a refusal, since they tell what was meant.
    """
    token = _worded.set([0])
    try:
        yield
    finally:
        _worded.reset(token)


def is_enough_worded() -> bool:
    """Count one more refused object; whether there were too many to put this one into words."""
    number = _worded.get()
    if number is None:
        return False
    number[0] += 1
    return number[0] > MOST_FAULTS


def worded(reason: Callable[[Any], str], value: Any) -> str:
    """A reason in words, unless there were too many already."""
    return "this is refused" if is_enough_worded() else reason(value)


def error(place: "Place", message: str, value: Any = None) -> InitErrorDetails:
    """A fault in the form that pydantic lists."""
    return InitErrorDetails(type=told(message), loc=place, input=value)


def again(details: Any, place: "Place | None" = None) -> InitErrorDetails:
    """Repeat an error of one of our schemas, at another place if one is given."""
    if details["type"] == OTHERS:
        return others(number_of(details))
    kind = PydanticCustomError(
        details["type"], "{reason}", {**details.get("ctx", {}), "reason": details["msg"]}
    )
    loc = details["loc"] if place is None else place
    return InitErrorDetails(type=kind, loc=loc, input=details["input"])


def sentence(details: Any) -> str:
    """An error of any schema, in words."""
    kind, context = details["type"], details.get("ctx", {})
    match kind:
        case "missing":
            return MISSING
        case "extra_forbidden":
            return f"unknown key '{slips.shown(str(details['loc'][-1]))}'"
        case "string_unicode":
            return "this text, or a key in it, is no valid Unicode"
        case "expected" | "sentence" | "others":
            return str(details["msg"])
        case "value_error" | "assertion_error":
            return str(context.get("error") or "this is not what is expected here")
        case _ if kind in _WHAT:
            shown = {name: MADE_OF.get(str(it), it) for name, it in context.items()}
            return f"expected {_WHAT[kind].format(**shown)}{_this_is(details.get('input'))}"
        case _ if kind in _PYDANTICS:
            return "this is not what is expected here"
        case _:
            return str(details["msg"])


def place_in(document: Any, place: Sequence[str | int]) -> "Place":
    """The place without the parts that are not in the document, such as names of union members.

    The last part is kept if it is a key that the document lacks.
    """
    kept: list[str | int] = []
    for position, part in enumerate(place):
        is_last = position == len(place) - 1
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            if is_last and isinstance(document, Mapping):
                kept.append(part)
            continue
        kept.append(part)
    return tuple(kept)


def retold(
    schema: type[BaseModel], refused: ValidationError, data: Any, keys: Sequence[str]
) -> ValidationError:
    """Reword a refusal of a document in sentences, each at a place that the document has.

    ``keys`` are the keys that a document of this schema may have.
    """
    faults: dict[tuple[Place, str], InitErrorDetails] = {}
    for details in refused.errors(include_url=False):
        if only_misses_what_was_refused(details):
            continue
        if details["type"] == OTHERS:
            faults[details["loc"], OTHERS] = again(details)
            continue
        place, value = place_in(data, details["loc"]), details["input"]
        if not place and details["type"] in (*_IS_NO_OBJECT, EXPECTED):
            what = details["ctx"]["what"] if details["type"] == EXPECTED else an_object(schema)
            faults[(), ""] = InitErrorDetails(type=expected(what), loc=(), input=value)
        else:
            where = place or details["loc"]
            if details["type"] == "extra_forbidden" and len(where) == 1:
                text = unknown_key(keys, str(where[0]))
            else:
                text = _in_schema(schema, details, where, value)
            faults.setdefault((place, text), error(place, text, value))
    return ValidationError.from_exception_data(refused.title, list(faults.values()))


def only_misses_what_was_refused(details: Any) -> bool:
    """Whether a list is too short only because some items were refused and reported already."""
    value = details["input"]
    return (
        details["type"] == "too_short"
        and isinstance(value, list | tuple)
        and len(value) >= details["ctx"]["min_length"]
    )


def _in_schema(schema: type[BaseModel], details: Any, place: "Place", value: Any) -> str:
    """An error in words, with what the schema's field accepts."""
    kind = details["type"]
    if kind == "sentence":
        return str(details["msg"])
    name = str(place[0]) if len(place) == 1 else ""
    if name not in schema.model_fields:
        return sentence(details) + (_this_is(value) if kind == EXPECTED else "")
    if kind == "missing":
        return f"{MISSING}; it is {expectations.what(schema, name)}{_MISSING_SLIPS.get(name, '')}"
    if kind == EXPECTED or kind in _PYDANTICS:
        what = details["ctx"]["what"] if kind == EXPECTED else expectations.what(schema, name)
        elsewhere = _WHERE_TEXT_GOES.get(name, "") if isinstance(value, str) else ""
        if elsewhere in schema.model_fields:
            return f"expected {what}; an id is '{elsewhere}'"
        return f"expected {what}{_remedy(schema, name, value)}"
    return sentence(details)


def unknown_key(keys: Sequence[str], key: str) -> str:
    """A message that names an unknown key and says what to write instead."""
    return f"unknown key '{slips.shown(key)}'; {slips.right_key(keys, key)}"


def _remedy(schema: type[BaseModel], name: str, value: Any) -> str:
    """What to write instead of a value; if that is not known, what the value is."""
    takes = expectations.taker(schema, name)
    for meant in slips.meant(value, expectations.choices(schema, name)):
        if meant is not None and takes(meant):
            return f"; {slips.percent(value, meant) or f'write {quoted(meant)}'}"
    if value is None and not schema.model_fields[name].is_required():
        return "; this is null: leave it out for what is usual"
    return _this_is(value)


TEXT: Final = "; this is text"
"""End of a sentence about a text; messages about parameters, which are all texts, drop it."""


def _this_is(value: Any) -> str:
    """What kind of value this is; only booleans and short numbers are quoted."""
    match value:
        case None:
            return "; this is null"
        case bool():
            return f"; this is {quoted(value)}"
        case int() | float():
            if abs(value) < _LONG:
                return f"; this is {value:,}"
            is_finite = isinstance(value, int) or math.isfinite(value)
            return "; this is far off" if is_finite else "; this is no finite number"
        case str():
            return TEXT if value else "; this is empty text"
        case list() | tuple():
            return f"; this is a list of {len(value):,}" if value else "; this is an empty list"
        case Mapping():
            return "; this is an object"
        case _:
            return ""


_LONG: Final = 10**15
_WHERE_TEXT_GOES: Final = {"architecture": "architecture_id"}
"""For a field that takes no text, the neighbouring field that does."""
_MISSING_SLIPS: Final = {"output_size": "; a pool of one pixel is a global_avg_pool2d"}
