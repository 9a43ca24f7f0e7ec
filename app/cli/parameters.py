"""The options that all commands that solve share."""

import inspect
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Final

import typer

from solver.approaches import APPROACHES
from solver.problem import DEFAULT_RANGES
from solver.variation.unknown import N

RANGES = "Ranges of the unknowns, LOW:HIGH"


def option(
    text: str,
    metavar: str | None = None,
    default: str | bool = False,
    panel: str | None = None,
) -> Any:
    """An option that is ``None`` unless it is given; the help shows its ``default``."""
    return typer.Option(help=text, metavar=metavar, show_default=default, rich_help_panel=panel)


Scope = Annotated[
    str | None,
    option("What is counted: all, or the paper's equation.", "network|paper", "network"),
]
CountPooling = Annotated[
    bool | None, option("Whether pooling costs FLOPs.", default="count-pooling")
]
KernelGrows = Annotated[
    bool | None,
    option("Whether the first convolution's kernel must be larger.", default="kernel-grows"),
]
MinCoverage = Annotated[
    float | None, option("Least share of the input's rows that conv1 reads.", default="0")
]


def with_ranges(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for the range of each unknown of each approach.

    The command takes the values as ``ranges``, by name; those that were not given are ``None``.
    """

    @wraps(command)
    def ranged(**given: Any) -> None:
        ranges = {name: given.pop(name) for name in RANGE_NAMES}
        command(**given, ranges=ranges)

    signature = inspect.signature(command)
    parameters = []
    for parameter in signature.parameters.values():
        if parameter.name == "ranges":
            parameters += [
                parameter.replace(name=name, annotation=_range_option(name), default=None)
                for name in RANGE_NAMES
            ]
        else:
            parameters.append(parameter)
    ranged.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    ranged.__annotations__ = {it.name: it.annotation for it in parameters}
    return ranged


RANGE_NAMES: Final = tuple(
    dict.fromkeys(it.range for approach in APPROACHES.values() for it in approach.unknowns)
)
"""The names of the unknowns' ranges, in the order of the approaches."""
APPROACH_NAMES: Final = tuple(APPROACHES)


def _range_option(name: str) -> Any:
    default = DEFAULT_RANGES.get(name)
    shown = "unbounded" if default is None else f"{default.low}:{default.high}"
    if name == N.range:
        text, shown = "Side of the input, in pixels.", "N+1:2N"
    else:
        text = f"Of {_places_of(name)}."
    return Annotated[str | None, option(text, "LOW:HIGH", shown, RANGES)]


def _places_of(name: str) -> str:
    """The layers that a range is about, each with the approaches that change it."""
    approaches: dict[str, list[str]] = {}
    for approach in APPROACHES.values():
        for unknown in approach.unknowns:
            if unknown.range == name:
                approaches.setdefault(unknown.layer, []).append(approach.name)
    return "; ".join(f"{LAYERS[layer]} ({', '.join(it)})" for layer, it in approaches.items())


LAYERS: Final = defaultdict(
    lambda: "a layer",
    {
        "conv1": "the first convolution",
        "conv2": "the second convolution",
        "pool": "the new pool",
        "linear1": "the first linear layer",
    },
)
"""The names, in the help, of the layers that approaches change."""
