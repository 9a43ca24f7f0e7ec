"""Classes of a column's values, each with a colour of its own and words for the legend."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from app.services.variant_columns import Numbers
from app.ui.plots.chart import COLOURS
from app.ui.plots.scales import Span, labels, ticks
from app.web.found.naming import axis_of

UNKNOWN: Final = "not trained"
"""The class of what has no value: only accuracies can be missing."""


@dataclass(frozen=True)
class Classes:
    """Classes of values in ascending order.

    Attributes
    ----------
    edges
        The least value of each class but the first.
    names
        The name of each class.
    """

    edges: Numbers
    names: list[str]

    def of(self, values: Numbers) -> Numbers:
        """The class of each value, from 0; −1 where it is not known."""
        found = np.searchsorted(self.edges, values, side="right")
        return np.where(np.isfinite(values), found, -1)

    def step(self, place: int) -> int:
        """The colour of a class: the first and the last are as far apart as colours go."""
        last = len(self.names) - 1
        return 1 + round(place * (COLOURS - 1) / last) if last else 1


def classes(name: str, values: Numbers) -> Classes:
    """Classes of a column: one for each value where there are few, else ranges of them."""
    axis = axis_of(name)
    distinct = np.unique(values[np.isfinite(values)])
    if len(distinct) <= COLOURS:
        middles = (distinct[1:] + distinct[:-1]) / 2
        return Classes(middles, [f"{axis.title} {it}" for it in labels(axis, distinct.tolist())])
    ends = Span(float(distinct[0]), float(distinct[-1]))
    round_ones = ticks(ends, COLOURS - 2, is_whole=axis.is_whole)
    inner = [tick for tick in round_ones if ends.low < tick < ends.high]
    inner = inner[: COLOURS - 1]
    written = labels(axis, inner)
    between = [f"{low} to {high}" for low, high in pairwise(written)]
    named = [f"below {written[0]}", *between, f"{written[-1]} and more"]
    return Classes(np.array(inner), [f"{axis.title} {it}" for it in named])
