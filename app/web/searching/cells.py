"""The fields of a layer as cells of a table: what is written there, and the default."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from pydantic_core import PydanticUndefined

from solver.network.layers import LAYERS

OF_ALL: Final = ("name", "type", "inputs")
"""The fields that every layer has."""
RARE: Final = ("shares",)
"""Fields that are shown only where they are given."""


class Cell(NamedTuple):
    """A field of a layer.

    Attributes
    ----------
    text
        What the document says, as it is edited; empty if it says nothing.
    default
        What holds where nothing is said; empty if something has to be.
    is_flag
        Whether it is either true or false.
    """

    name: str
    text: str
    default: str
    is_flag: bool

    @property
    def is_default(self) -> bool:
        """Whether nothing is written, and nothing has to be."""
        return not self.text and bool(self.default)


def cells(layer: Any) -> Iterator[Cell]:
    """The fields of a layer besides its name and type: its type's, then those that it lacks."""
    given = layer if isinstance(layer, Mapping) else {}
    known = _defaults(str(given.get("type")))
    for name in dict.fromkeys([*known, *(key for key in given if key not in OF_ALL)]):
        default = known.get(name)
        text = edited(given[name]) if name in given else ""
        shown = "" if default is None else edited(default)
        yield Cell(name, text, shown, is_flag=isinstance(default, bool))
    yield Cell("inputs", _names(given.get("inputs")), "layer before", is_flag=False)


@cache
def _defaults(type_: str) -> Mapping[str, Any]:
    """The fields of a type of layer, widths first, with their defaults; ``None`` without one."""
    layer = LAYERS.get(type_)
    if layer is None:
        return {}
    shown = dict.fromkeys([*layer.width_fields, *layer.model_fields])
    defaults = {name: layer.model_fields[name].default for name in shown}
    return {
        name: None if default is PydanticUndefined else default
        for name, default in defaults.items()
        if name not in (*OF_ALL, *RARE)
    }


def edited(value: Any) -> str:
    """A value as it is edited in a cell: text without quotes, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _names(inputs: Any) -> str:
    if inputs is None:
        return ""
    is_list = isinstance(inputs, list) and all(isinstance(name, str) for name in inputs)
    return ", ".join(inputs) if is_list else edited(inputs)
