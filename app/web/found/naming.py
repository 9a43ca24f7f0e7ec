"""The columns of a search's variants by their names, and which of them a plot shows at first."""

from collections.abc import Mapping, Sequence
from typing import Final

from app.services.variant_columns import ACCURACY, Numbers, Search
from app.ui.plots.chart import Axis, Scale
from solver.problem import Budget

TITLES: Final[Mapping[str, str]] = {
    "resolution": "resolution (px)",
    "params": "parameters",
    "flops": "FLOPs",
    "macs": "multiply-adds",
    "activations": "peak activations (elements)",
    "coverage": "coverage (share of rows)",
    "receptive_field": "receptive field (px)",
    ACCURACY: "test accuracy",
}
"""The names of columns that all searches have; other columns are unknowns, named by symbols."""
HEADINGS: Final[Mapping[str, str]] = {
    "resolution": "px",
    "activations": "activations",
    "coverage": "coverage",
    "receptive_field": "field (px)",
    ACCURACY: "accuracy",
}
"""Shorter names, where a table has little room."""
PERCENTAGES: Final = (ACCURACY, "coverage")
_BESIDE: Final[Mapping[Budget, Sequence[str]]] = {
    "params": ("flops", "activations", "receptive_field", "coverage"),
    "flops": ("params", "activations", "receptive_field", "coverage"),
    "both": ("activations", "receptive_field", "coverage"),
}
"""What is worth seeing where a budget is equal for all."""


def title_of(name: str) -> str:
    """A column's name, as readers see it."""
    return TITLES.get(name, name)


def axis_of(name: str, scale: Scale = "linear") -> Axis:
    """The axis of a column; what is no percentage is a whole number."""
    is_percent = name in PERCENTAGES
    return Axis(title_of(name), scale, is_percent, is_whole=not is_percent)


def defaults(search: Search, budget: Budget) -> tuple[str, str, str]:
    """The columns for x, y and colour: different ones, and such as are not equal for all.

    The colour is ``""`` where no third column varies.
    """
    likely = ("resolution", *_BESIDE[budget])
    found = _varying(search.columns(likely))
    if len(found) < 3:
        others = [name for name in search.table.names if name not in likely]
        found += _varying(search.columns(others))
    x, y, colour = [*found, "", "", ""][:3]
    return x or likely[0], y or likely[1], colour


def _varying(columns: Mapping[str, Numbers]) -> list[str]:
    """The columns in which variants differ."""
    return [name for name, of in columns.items() if of.size and (of != of[0]).any()]
