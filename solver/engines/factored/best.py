"""The best of factored solutions, without listing the others.

Each group of solutions has a bound. Groups are opened in the order of their bounds, the best first,
until no other group can hold anything better than what was found.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from solver.engines.factored.arrays import EMPTY, Ints
from solver.engines.factored.chain import Chain
from solver.engines.factored.solutions import Solutions
from solver.engines.objectives import Objective, Reads
from solver.engines.progress import Progress, Tell, silent
from solver.network.layers import Sliding
from solver.variation.numbers import Columns
from solver.variation.unknown import RESOLUTION

AT_ONCE: Final = 2_000
"""Least number of solutions that are listed together."""


@dataclass(frozen=True)
class RankedSolutions(Solutions):
    """Factored solutions that can be ranked."""

    def best(self, objective: Objective, number: int, tell: Tell = silent) -> Mapping[str, Ints]:
        """The ``number`` best solutions, the best first, without listing all others.

        Raises
        ------
        TooManyError
            There are too many widths to be listed.
        """
        bounds = _Bounds(self, objective)
        sizes = np.cumsum(self.sizes[bounds.order])
        found, start = EMPTY, 0
        while start < len(sizes) and not _is_beaten(self, objective, bounds, found, start, number):
            opened = sizes[start - 1] if start else 0
            end = int(np.searchsorted(sizes, opened + max(AT_ONCE, 4 * number))) + 1
            listed = self.of_groups(bounds.order[start:end])
            found = _first(self, objective, np.concatenate([found, listed]), number)
            start = end
            if start < len(sizes):
                tell(_progress(self, objective, found, bounds.at(start)[0]))
        return self.packing.unpack(found)


def _first(solutions: Solutions, objective: Objective, packed: Ints, number: int) -> Ints:
    """The ``number`` best of some solutions, the best first."""
    rows = _columns(solutions, objective, packed)
    order = np.lexsort((packed, -rows[RESOLUTION], -_value(objective, rows)))
    return packed[order[:number]]


def _progress(solutions: Solutions, objective: Objective, found: Ints, highest: float) -> Progress:
    """How far a search is that knows these, the best first; others have at most ``highest``."""
    if not len(found):
        return Progress(solutions.count)
    best = float(_value(objective, _columns(solutions, objective, found[:1]))[0])
    bound = max(best, float(highest))
    shown = objective.shown(bound) if np.isfinite(bound) else None
    return Progress(solutions.count, objective.shown(best), shown)


def _is_beaten(
    solutions: Solutions,
    objective: Objective,
    bounds: "_Bounds",
    found: Ints,
    start: int,
    number: int,
) -> bool:
    """Whether the worst solution found is better than all groups from ``start`` on can be."""
    if len(found) < number:
        return False
    rows = _columns(solutions, objective, found[-1:])
    worst = (_value(objective, rows)[0], rows[RESOLUTION][0])
    return bool(worst > bounds.at(start))


def _value(objective: Objective, rows: Columns) -> NDArray[Any]:
    """The value of each row; values beyond 64 bits are rounded."""
    parts = [objective.value(chunk) for chunk in rows.chunks()] or [EMPTY]
    values = np.concatenate(parts)
    return values.astype(float) if values.dtype == object else values


def _columns(solutions: Solutions, objective: Objective, packed: Ints) -> Columns:
    return Columns(objective.template, solutions.packing.unpack(packed))


class _Bounds:
    """Upper bounds for each group: of the objective's value and of the resolution."""

    def __init__(self, solutions: Solutions, objective: Objective) -> None:
        self._solutions, self._objective = solutions, objective
        first = solutions.packing.unpack(solutions.first)
        self._resolution = solutions.highest_of_first(first[RESOLUTION])
        self._value = self._values(first)
        used = np.flatnonzero(solutions.sizes)
        self.order = used[np.lexsort((-self._resolution[used], -self._value[used]))]

    def at(self, place: int) -> tuple[float, float]:
        """The bounds of the group at this place of the order."""
        group = self.order[place]
        return self._value[group], self._resolution[group]

    def _values(self, first: Mapping[str, Ints]) -> NDArray[Any]:
        solutions, objective = self._solutions, self._objective
        match objective.reads:
            case Reads.FIRST:
                completion = solutions.completions[solutions.completion_of_group]
                rows = _columns(solutions, objective, solutions.first + completion[solutions.group])
                return solutions.highest_of_first(_value(objective, rows))
            case Reads.COSTS:
                lowest = solutions.lowest_first[solutions.group_of_completion]
                rows = _columns(solutions, objective, solutions.completions + lowest)
                return solutions.highest_of_second(_value(objective, rows))
            case Reads.SPANS:
                return self._spans(first)

    def _spans(self, first: Mapping[str, Ints]) -> NDArray[Any]:
        """The value for the largest kernels, strides and dilations of each group together.

        The maps behind the first window are the group's. There is no bound if a global pool stands
        before it.
        """
        solutions, template = self._solutions, self._objective.template
        before = template.layers[: Chain(template).end_of_before]
        if any(layer.changes_maps and not isinstance(layer, Sliding) for layer in before):
            return np.full(len(solutions.starts), np.inf)
        second = solutions.packing.unpack(solutions.completions)
        largest = {
            symbol: np.maximum(
                solutions.highest_of_first(first[symbol]),
                solutions.highest_of_second(second[symbol]),
            )
            for symbol in solutions.packing.symbols
        }
        rows = Columns(template, largest)
        one_of_each = solutions.completions[solutions.completion_of_group] + solutions.lowest_first
        rows.shapes = _columns(solutions, self._objective, one_of_each).shapes
        values: NDArray[Any] = self._objective.value(rows)
        return values
