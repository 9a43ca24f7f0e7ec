"""Documents as users get them wrong, and what must hold of everything that is said of them."""

import copy
import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, Final

from hypothesis import strategies as st

from solver.network.schema import Place

ARCHITECTURE: Final = {
    "name": "mine",
    "input": {"channels": 3, "resolution": 16},
    "layers": [
        {"name": "conv1", "type": "conv2d", "out_channels": 6, "kernel_size": 3, "padding": 1,
         "stride": [1, 1], "bias": False},
        {"name": "norm1", "type": "batch_norm2d", "affine": True},
        {"name": "relu1", "type": "relu"},
        {"name": "conv2", "type": "conv2d", "out_channels": 6, "kernel_size": 3, "padding": "same"},
        {"name": "add1", "type": "add", "inputs": ["conv2", "relu1"]},
        {"type": "zero_pad2d", "padding": [1, 1, 0, 0]},
        {"type": "max_pool2d", "kernel_size": 2, "ceil_mode": True},
        {"type": "adaptive_avg_pool2d", "output_size": [2, 3]},
        {"type": "leaky_relu", "negative_slope": 0.1},
        {"type": "dropout", "p": 0.5},
        {"type": "flatten"},
        {"type": "linear", "out_features": 10},
    ],
}  # fmt: skip
SEARCH: Final = {
    "architecture": ARCHITECTURE,
    "approach": "IV",
    "budget": "params",
    "scope": "network",
    "tolerance": {"below": 0.01, "above": 0.0},
    "ranges": {"resolution": [17, 32], "kernel_size": [3, 8], "out_channels": [1, 144]},
    "count_pooling": True,
    "min_coverage": 0.0,
    "find": {"best": "nearest_budget", "top": 10, "diverse": False},
    "limit": 100,
    "time_limit": 30,
}
JOB: Final = {
    "search_id": "none",
    "dataset": "digits",
    "variants": {"select": "random", "count": 4, "seed": 0},
    "seeds": 3,
    "epochs": 10,
    "recipe": {"name": "fast", "batch_size": 50, "learning_rate": 0.1, "schedule": "constant"},
    "inputs": "native",
    "priority": 0,
}

WRONG: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 3, 3.0, 3.5, 70_000, 10**15, 10**400, math.nan, math.inf,
    "", "3", "1%", "same", "iv", "(5, 5)", "17:32", "a b", "best", "\ud800", "x" * 300,
    [], [5], [5, 5], [1, 2, 3], ["3", 4], [None], [[[1]]], [{}], {}, {"min": 1, "max": 2}, {"a": 1},
)  # fmt: skip


@st.composite
def slips(draw: st.DrawFn, document: Any) -> Any:
    """Draw a document in which one to three things are wrong."""
    spoiled = {"root": copy.deepcopy(document)}
    for _ in range(draw(st.integers(1, 3))):
        holder, key = draw(st.sampled_from([*_slots(spoiled)]))
        how = draw(st.sampled_from(["replace", "drop", "rename", "wrap"]))
        if how == "replace" or holder is spoiled:
            holder[key] = copy.deepcopy(draw(st.sampled_from(WRONG)))
        elif how == "wrap":
            holder[key] = draw(st.sampled_from([[holder[key]], {"value": holder[key]}]))
        else:
            value = holder.pop(key)
            if how == "rename" and isinstance(holder, dict):
                others = [key.upper(), f"{key}s", key.replace("_", ""), "colour", "\ud800", ""]
                holder[draw(st.sampled_from(others))] = value
    return spoiled["root"]


def _slots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Everything in a document that can be replaced: what holds it, and its key."""
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield value, key
        yield from _slots(inner)


PYDANTICS: Final = (
    "Input ", "should ", "Field required", "Extra inputs", "Value error", "Assertion failed",
    "Unable to", "Unexpected ", "Missing required", "Invalid JSON", "Keys ", "Got multiple",
    "Arguments ", "Recursion error", "Object has",
)  # fmt: skip
"""What pydantic's messages begin with, or hold."""


def as_read(document: Any) -> Any:
    """A document as its places are written: halves of surrogate pairs are escaped."""
    return json.loads(json.dumps(document).replace("\\ud800", "\\\\ud800"))


def assert_told(document: Any, place: Place, detail: str) -> None:
    """A fault has a place that the document has, or that is missing there, and our words."""
    *outer, last = place or (None,)
    for part in outer:
        document = document[int(part) if isinstance(document, list) else part]
    if place:
        assert isinstance(document, dict | list), place
        assert isinstance(document, dict) or int(str(last)) < len(document), place
    assert detail, place
    assert len(detail) < 800, detail
    assert not [phrase for phrase in PYDANTICS if phrase in detail], detail
