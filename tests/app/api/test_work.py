"""Every parser does work in proportion to what was sent; calls are counted, not seconds."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

import pytest
from pydantic import ValidationError

from app.api import query
from app.db.events import Cursor, PlaceError
from app.errors import RefusedError
from app.json_reader import UnreadableError, read
from app.schemas.requests import JobRequest, SearchRequest
from app.services.variant_orders import sort_keys
from solver.network.architecture import Architecture
from tests.studies import terms

CONV: Final = {"type": "conv2d", "out_channels": 1, "kernel_size": 1}
SEARCH: Final = {"approach": "IV", "budget": "params"}
JOB: Final = {"search_id": "a", "dataset": "digits"}
REFUSALS: Final = (ValidationError, RefusedError, PlaceError, UnreadableError)


def calls(work: Callable[[], Any]) -> int:
    """The number of functions that are called, also those of C."""
    number = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    except REFUSALS:
        pass
    finally:
        sys.setprofile(None)
    return number


def architecture(layers: list[Any]) -> Any:
    return Architecture.model_validate(
        {"input": {"channels": 1, "resolution": 8}, "layers": layers}
    )


WORK: Final[dict[str, Callable[[int], Any]]] = {
    "wrong types": lambda n: architecture([{"type": f"x{i}"} for i in range(n)]),
    "wrong fields": lambda n: architecture([{**CONV, "stride": "5", "bias": i} for i in range(n)]),
    "unknown keys": lambda n: architecture([{**CONV, f"k{i}": 1} for i in range(n)]),
    "keys of one layer": lambda n: architecture([{**CONV, **{f"k{i}": 1 for i in range(n)}}]),
    "keys without a type": lambda n: architecture([{f"k{i}": "relu6x" for i in range(n)}]),
    "unknown inputs": lambda n: architecture([{**CONV, "inputs": [f"no{i}"]} for i in range(n)]),
    "many inputs": lambda n: architecture([{"type": "add", "inputs": ["input"] * n}]),
    "unknown shares": lambda n: architecture([{**CONV, "shares": f"no{i}"} for i in range(n)]),
    "shares": lambda n: architecture(
        [{**CONV, "name": "a"}, *({**CONV, "shares": "a"} for _ in range(n))]
    ),
    "equal names": lambda n: architecture([{**CONV, "name": "a"}] * n),
    "taken names": lambda n: architecture(
        [*({"type": "relu", "name": f"conv{i}"} for i in range(n)), *([CONV] * n)]
    ),
    "keys of a search": lambda n: SearchRequest.model_validate(
        {**SEARCH, **{f"k{i}": 1 for i in range(n)}}
    ),
    "a list of numbers": lambda n: SearchRequest.model_validate(
        {**SEARCH, "limit": [str(i) for i in range(n)]}
    ),
    "ids": lambda n: JobRequest.model_validate({**JOB, "variants": {"ids": ["a b"] * n}}),
    "keys of a recipe": lambda n: JobRequest.model_validate(
        {**JOB, "recipe": {f"k{i}": 1 for i in range(n)}}
    ),
    "doubled keys": lambda n: read(b"[" + b",".join([b'{"a":1,"a":1}'] * n) + b"]"),
    "one key many times": lambda n: read(b"{" + b",".join([b'"a":1'] * n) + b"}"),
    "a place in a job": lambda n: Cursor.parse("1.0." + "_".join(["0-9999:1"] * n), 10_000),
    "a long place in a job": lambda n: Cursor.parse(
        "1.0." + "_".join(f"{2 * i}:1" for i in range(n)), 10_000
    ),
    "values in a grid": lambda n: terms(grid={"out_channels": [1] * n}),
    "a query string": lambda n: query.faults(b"&".join([b"limit=5"] * n), {}),
    "a sort": lambda n: sort_keys(",".join(["params"] * n)),
}
SLOPE: Final = 2.6
"""Twice as much may take a little more than twice the work: hash tables grow by steps."""


@pytest.mark.parametrize("name", list(WORK))
def test_twice_as_much_takes_twice_the_work_at_most(name: str) -> None:
    calls(lambda: WORK[name](300))  # whatever is made once

    assert calls(lambda: WORK[name](1_000)) <= SLOPE * calls(lambda: WORK[name](500))


LONG: Final[dict[str, Callable[[str], Any]]] = {
    "a number": lambda text: SearchRequest.model_validate({**SEARCH, "limit": text}),
    "a range": lambda text: SearchRequest.model_validate({**SEARCH, "ranges": {"stride": text}}),
    "a type": lambda text: architecture([{"type": text}]),
    "a name": lambda text: architecture([{**CONV, "name": text}]),
    "an input": lambda text: architecture([{**CONV, "inputs": text}]),
    "a key": lambda text: SearchRequest.model_validate({**SEARCH, text: 1}),
    "a data set": lambda text: JobRequest.model_validate({**JOB, "dataset": text}),
    "a selection": lambda text: JobRequest.model_validate({**JOB, "variants": {"select": text}}),
}


@pytest.mark.parametrize("letter", ["9", "(", " ", "x.", "_", "-", "\u00e9"])
@pytest.mark.parametrize("name", list(LONG))
def test_a_long_text_takes_no_more_work_than_a_short_one(name: str, letter: str) -> None:
    calls(lambda: LONG[name](letter * 1_000))

    assert calls(lambda: LONG[name](letter * 20_000)) <= 1.1 * calls(
        lambda: LONG[name](letter * 1_000)
    )
