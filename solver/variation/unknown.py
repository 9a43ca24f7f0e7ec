"""Unknowns: the fields of a network that an approach may change."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from solver.network.sentences import expected

RESOLUTION: Final = "N"
"""Symbol of the resolution, which every approach changes."""
IMAGE: Final = "image"
"""Name by which unknowns refer to the image, which is no layer."""

MAX_GEOMETRY: Final = 4_096
"""Largest resolution, kernel, stride, padding or dilation that a range may reach."""
MAX_WIDTH: Final = 1_000_000
"""Largest number of filters or features of an unknown that has no range."""

MAX_BOUND: Final = 10_000_000
Bound = Annotated[int, Field(ge=0, le=MAX_BOUND, strict=True)]


def _two_numbers(value: Any) -> Any:
    """Refuse what is not a list of two whole numbers."""
    is_pair = isinstance(value, list | tuple) and len(value) == 2
    if not is_pair or not all(type(it) is int and 0 <= it <= MAX_BOUND for it in value):
        raise expected("two whole numbers of 0 or more: [low, high]")
    return value


class Range(NamedTuple):
    """Inclusive bounds of an unknown."""

    low: Bound
    high: Bound

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Report every wrong range with the same message."""
        pair = handler.generate_schema(tuple[Bound, Bound])
        checked = core_schema.no_info_before_validator_function(_two_numbers, pair)
        return core_schema.no_info_after_validator_function(cls._make, checked)


class Role(Enum):
    """The role of an unknown in its layer; requirements and options depend on it."""

    RESOLUTION = "resolution"
    WIDTH = "width"
    KERNEL = "kernel"
    PADDING = "padding"
    STRIDE = "stride"
    DILATION = "dilation"

    @property
    def least(self) -> int:
        """The least value that makes sense."""
        return 0 if self is Role.PADDING else 1

    @property
    def most(self) -> int:
        """The largest value that a range may reach."""
        return MAX_WIDTH if self is Role.WIDTH else MAX_GEOMETRY


@dataclass(frozen=True)
class Unknown:
    """One field of one layer that varies.

    Attributes
    ----------
    symbol
        The paper's, without its prime.
    layer
        The changed layer that it belongs to: a key of :attr:`Template.places`.
    field
        The layer's field.
    role
        The field's role in its layer.
    range
        Name of the range in a request that bounds it.
    """

    symbol: str
    layer: str
    field: str
    role: Role
    range: str


N: Final = Unknown(RESOLUTION, IMAGE, "resolution", Role.RESOLUTION, "resolution")
"""The resolution: the first unknown of every approach."""


def window_of(layer: str, suffix: str, *fields: str, ranges: str = "") -> tuple[Unknown, ...]:
    """Unknowns of a layer's window, in the order of ``fields``.

    ``suffix`` follows each letter in the paper's symbols (``C1``, ``P1``, ``S1``). ``ranges`` is
    the prefix of the names of their ranges.
    """
    return tuple(
        Unknown(_LETTERS[field] + suffix, layer, field, _ROLES[field], ranges + field)
        for field in fields
    )


_LETTERS: Final = {"kernel_size": "C", "padding": "P", "stride": "S", "dilation": "D"}
_ROLES: Final = {
    "kernel_size": Role.KERNEL,
    "padding": Role.PADDING,
    "stride": Role.STRIDE,
    "dilation": Role.DILATION,
}
