"""What all schemas share: frozen, closed, and types for sizes and names."""

import hashlib
import json
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

MAX_COUNT: Final = 2**53 - 1
"""Largest count that JSON readers keep exact (RFC 8259, section 6)."""
MAX_SIZE: Final = 65_536
"""Largest side, kernel, stride, padding or dilation of a network."""

Place: TypeAlias = tuple[str | int, ...]
"""Where something stands in a document: keys and positions, from its root."""
Fault: TypeAlias = tuple[Place, str]
"""A rule that is violated, in a sentence, with its place."""


class Schema(BaseModel):
    """Frozen, and closed: unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


LayerName = Annotated[
    str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$", max_length=128)
]
"""A name as PyTorch qualifies it, e.g. ``layer1.0.conv1``."""
Channels = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
Features = Annotated[int, Field(ge=1, le=10_000_000, strict=True)]
Positive = Annotated[int, Field(ge=1, le=MAX_SIZE, strict=True)]
NotNegative = Annotated[int, Field(ge=0, le=MAX_SIZE, strict=True)]
Probability = Annotated[float, Field(ge=0.0, lt=1.0, allow_inf_nan=False, strict=True)]
Flag = Annotated[bool, Field(strict=True)]


def _sizes(least: int, *words: str) -> BeforeValidator:
    """Take a word, a whole number, or a list of two; two that are equal become one."""

    def check(value: Any) -> int | tuple[int, int] | str:
        if isinstance(value, str) and value in words:
            return value
        pair = value if isinstance(value, list | tuple) else (value, value)
        is_whole = all(isinstance(it, int) and not isinstance(it, bool) for it in pair)
        if len(pair) != 2 or not is_whole or not all(least <= it <= MAX_SIZE for it in pair):
            what = f"a whole number from {least} to {MAX_SIZE:,}, or two of them: [height, width]"
            what += "".join(f', or "{word}"' for word in words)
            raise PydanticCustomError("size", "{expected}", {"expected": f"expected {what}"})
        height, width = pair
        return height if height == width else (height, width)

    return BeforeValidator(check, json_schema_input_type=int | tuple[int, int])


PositiveSize = Annotated[int | tuple[int, int], _sizes(1)]
"""A size along both axes, or ``(height, width)``: each 1 or more."""
NotNegativeSize = Annotated[int | tuple[int, int], _sizes(0)]
"""A size along both axes, or ``(height, width)``: each 0 or more."""
NotNegativeSizeOrSame = Annotated[int | tuple[int, int] | Literal["same"], _sizes(0, "same")]
"""The same, or the word for what keeps the side of a map."""


def later(default: Any) -> Any:
    """A field that came after the first documents were stored.

    It is left out of a document where it has the value that all networks had before, so that they
    keep their ids.
    """
    return Field(default=default, exclude_if=lambda value: value == default)


def digest(content: Any) -> str:
    """SHA-256 of a document, as canonical JSON: equal documents share it."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
