"""The base of all schemas, and types for sizes and names."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)

from solver.network.expectations import listed
from solver.network.sentences import expected, is_enough_worded, refusal, retold, told

MAX_COUNT: Final = 2**53 - 1
"""Largest count that JSON readers keep exact (RFC 8259, section 6)."""
MAX_SIZE: Final = 65_536
"""Largest side, kernel, stride, padding or dilation of a network."""

MOST_KEYS: Final = 64
"""Keys that an object may have and still be looked at; no schema has as many."""

Place: TypeAlias = tuple[str | int, ...]
"""Where something stands in a document: keys and positions, from its root."""
Fault: TypeAlias = tuple[Place, str]
"""A place, and a sentence that says what is wrong there."""


DEFERRED: Final = ConfigDict(defer_build=True)
"""For schemas that hold a whole network and that a command may not need: built on first use.

Not for schemas of the service, whose first requests may come at the same time.
"""
ANSWERED: Final = ConfigDict(json_schema_serialization_defaults_required=True)
"""Configuration of schemas that are only answered: their documents have every field."""


class Schema(BaseModel):
    """A frozen schema that refuses unknown keys and reports faults in sentences."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="wrap")
    @classmethod
    def _retell(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(data, dict) and len(data) > MOST_KEYS:
            raise _too_many_keys(cls, data)
        try:
            return handler(data)
        except ValidationError as refused:
            if is_enough_worded():
                raise
            raise retold(cls, refused, data, cls.known_keys()) from None

    @classmethod
    def trusted(cls, **fields: Any) -> Self:
        """Make an object from all of its fields without validating them.

        Like ``model_construct`` in a tenth of its time; whole pages of variants are made this way.
        """
        made = object.__new__(cls)
        object.__setattr__(made, "__dict__", fields)
        object.__setattr__(made, "__pydantic_fields_set__", set(fields))
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_private__", None)
        return made

    @classmethod
    def known_keys(cls) -> list[str]:
        """The keys that a document may have."""
        return [*cls.model_fields]


def _too_many_keys(schema: type[Schema], data: Mapping[Any, Any]) -> ValidationError:
    """A refusal at the first unknown key, which does not look at the others."""
    known = schema.known_keys()
    first = next(key for key in data if key not in known)
    reason = f"unknown key, one of {len(data):,} in this object; known are {listed(known, 'and')}"
    return refusal(schema.__name__, [((str(first),), reason)])


MAX_NAME: Final = 128
"""Longest name of a layer, in characters."""
NAME: Final = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$"


def _name(value: Any) -> Any:
    """Refuse what is not a name, and say what a name looks like."""
    if not isinstance(value, str):
        raise expected("a name such as conv1 or layer1.0.conv1, as text")
    if len(value) > MAX_NAME:
        raise told(f"a name has at most {MAX_NAME} characters; this one has {len(value):,}")
    if not re.fullmatch(NAME.removesuffix("$"), value):
        raise expected(
            "a name such as conv1 or layer1.0.conv1: letters, digits and '_', the first no digit, "
            "with dots between its parts"
        )
    return value


def _input_name(value: Any) -> Any:
    if not isinstance(value, str):
        raise expected('the name of a layer before this one, or "input"')
    return value


LayerName = Annotated[str, Field(pattern=NAME, max_length=MAX_NAME), BeforeValidator(_name)]
"""A name as PyTorch qualifies it, e.g. ``layer1.0.conv1``."""


MOST_INPUTS: Final = 1_024
"""Largest number of tensors that any layer reads."""


def _input_names(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise expected('a list of names of layers, such as ["conv1", "relu1"]')
    if len(value) > MOST_INPUTS:
        raise told(f"a layer reads at most {MOST_INPUTS:,} tensors; this list has {len(value):,}")
    return value


InputNames = Annotated[
    tuple[Annotated[str, BeforeValidator(_input_name)], ...], BeforeValidator(_input_names)
]
"""Names of the layers that a layer reads."""
Channels = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
Features = Annotated[int, Field(ge=1, le=10_000_000, strict=True)]
Positive = Annotated[int, Field(ge=1, le=MAX_SIZE, strict=True)]
NotNegative = Annotated[int, Field(ge=0, le=MAX_SIZE, strict=True)]
Probability = Annotated[float, Field(ge=0.0, lt=1.0, allow_inf_nan=False, strict=True)]
Flag = Annotated[bool, Field(strict=True)]


def _is_size(value: Any, least: int) -> bool:
    """Whether a value is a whole number from ``least`` to :data:`MAX_SIZE`."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= MAX_SIZE


def _sizes(least: int, *words: str) -> BeforeValidator:
    """Take one of the words, a number, or a pair; a pair of equal numbers becomes one number."""

    def check(value: Any) -> int | tuple[int, int] | str:
        if isinstance(value, str) and value in words:
            return value
        pair = value if isinstance(value, list | tuple) else (value, value)
        if len(pair) != 2 or not all(_is_size(it, least) for it in pair):
            what = f"a whole number from {least} to {MAX_SIZE:,}, or two of them: [height, width]"
            raise expected(what + "".join(f', or "{word}"' for word in words))
        height, width = pair
        return height if height == width else (height, width)

    return BeforeValidator(check)


def _borders(value: Any) -> Any:
    """Take a whole number, or a list of four."""
    numbers = value if isinstance(value, list | tuple) else (value,) * 4
    if len(numbers) != 4 or not all(_is_size(it, 0) for it in numbers):
        raise expected(
            f"a whole number from 0 to {MAX_SIZE:,}, or four of them: [left, right, top, bottom]"
        )
    return value


Borders = Annotated[
    NotNegative | tuple[NotNegative, NotNegative, NotNegative, NotNegative],
    BeforeValidator(_borders),
]
"""Pixels on all four sides, or ``[left, right, top, bottom]``."""
PositiveSize = Annotated[Positive | tuple[Positive, Positive], _sizes(1)]
"""A size along both axes, or ``(height, width)``: each 1 or more."""
NotNegativeSize = Annotated[NotNegative | tuple[NotNegative, NotNegative], _sizes(0)]
"""A size along both axes, or ``(height, width)``: each 0 or more."""
NotNegativeSizeOrSame = Annotated[
    NotNegative | tuple[NotNegative, NotNegative] | Literal["same"], _sizes(0, "same")
]
"""The same, or ``"same"``: the padding that keeps the size of a map."""


def later(default: Any) -> Any:
    """A field that was added after documents had been stored.

    It is left out of documents while it has its default, so that older networks keep their ids.
    """
    return Field(default=default, exclude_if=lambda value: value == default)


def digest(content: Any) -> str:
    """SHA-256 of a document as canonical JSON; equal documents have the same digest."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
