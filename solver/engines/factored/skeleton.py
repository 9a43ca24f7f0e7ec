"""The part of a solution that budgets decide: kernels, maps and widths, found by CP-SAT.

A budget reads ``low ≤ width · w + rest ≤ high``; there may be two. Only the symbols of ``w`` and
``rest`` are declared. Each solution of CP-SAT stands for an interval: CP-SAT finds one end
(:class:`ByWidth`, :class:`ByWeight`), and the other end is computed.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from solver.constraints.budget import EqualBudget
from solver.constraints.maps import post_side
from solver.constraints.widths import DivisibleByGroups
from solver.engines.factored.arrays import EMPTY, Ints, combinations, ragged
from solver.engines.factored.chain import Sides
from solver.engines.factored.factors import Factors
from solver.engines.factored.windows import LARGEST_TABLE, TooManyError, bounded, kernels_of
from solver.engines.report import Report
from solver.variation.numbers import LARGEST
from solver.variation.polynomial import Polynomial
from solver.variation.unknown import RESOLUTION

if TYPE_CHECKING:
    from solver.engines.full.model import Model

FEW: Final = 1 << 16
"""Combinations that are tried without CP-SAT, in one or two milliseconds."""
MOST: Final = 1 << 20
"""Largest number of solutions of a skeleton: about ten seconds of CP-SAT."""
NONE: Final = Report("INFEASIBLE", 0.0, 0, 0)
DECIDED: Final = Report("OPTIMAL", 0.0, 0, 0)
"""The report if CP-SAT is not needed."""


@dataclass(frozen=True)
class Cells:
    """Values of the symbols that the budgets depend on, with an inclusive interval of the width.

    Each row is a cell. Symbols that no budget depends on have no column.
    """

    values: Mapping[str, Ints]
    low: Ints
    high: Ints

    def __len__(self) -> int:
        return len(self.low)


@dataclass(frozen=True)
class Skeleton(ABC):
    """The budgets over the symbols that they depend on.

    Attributes
    ----------
    factors
        The problem, taken apart.
    between
        The possible sides of the map behind the first window, in ascending order, with the sides
        that follow from them up to the second window.
    """

    factors: Factors
    between: Sides

    @property
    @abstractmethod
    def size(self) -> float:
        """Approximate number of solutions that CP-SAT must enumerate."""

    @abstractmethod
    def solve(self, time_limit: float) -> tuple[Cells, Report]:
        """All cells, unless the status of the report says that time ran out.

        Raises
        ------
        OverflowError
            A count could exceed 64 bits.
        """

    @property
    def reads_maps(self) -> bool:
        """Whether a budget depends on the map behind the first window."""
        return self.factors.chain.first_side in self.factors.symbols

    @cached_property
    def domains(self) -> dict[str, Ints]:
        """Values that the symbols may have, apart from the budgets."""
        factors, chain = self.factors, self.factors.chain
        low, high = factors.ranges[RESOLUTION]
        own = {RESOLUTION: np.arange(low, high + 1), chain.first_side: self.between.first}
        return {it: own[it] if it in own else kernels_of(factors, it) for it in factors.symbols}

    @property
    def is_void(self) -> bool:
        """Whether a symbol has no value."""
        return not all(len(domain) for domain in (*self.domains.values(), self.between.first))

    def void(self) -> tuple[Cells, Report]:
        """No cells."""
        return Cells(dict.fromkeys(self.factors.symbols, EMPTY), EMPTY, EMPTY), NONE

    def declared(self) -> "Model":
        """A model with the symbols, and with the sides that follow from them."""
        model, chain = _model(), self.factors.chain
        for symbol, domain in self.domains.items():
            model.declare_values(symbol, domain.tolist())
        if RESOLUTION in self.factors.symbols:
            self._post_sides(model, 0, chain.end_of_before)
        if chain.first_side in self.factors.symbols:
            self._post_sides(model, *chain.span_of_between)
        return model

    def _post_sides(self, model: "Model", first: int, last: int) -> None:
        for index in range(first, last):
            post_side(model, self.factors.chain.template, index)

    def declare_width(self, model: "Model", low: int, high: int) -> None:
        """Declare the width as a multiple of the step."""
        width = self.factors.width
        assert width is not None
        model.declare(width, low, high)
        if self.factors.step > 1:
            DivisibleByGroups(width, self.factors.step).post(model)

    def values_of(self, columns: Mapping[str, Ints]) -> dict[str, Any]:
        """Values of all symbols in the budgets, given values of the symbols that decide them."""
        chain, found = self.factors.chain, dict(columns)
        if RESOLUTION in columns:
            found.update(chain.before(columns[RESOLUTION]).by_symbol)
        if chain.first_side in columns:
            found.update(chain.between(columns[chain.first_side]).by_symbol)
        return found

    def cut(self, columns: Mapping[str, Ints], low: Ints, high: Ints) -> Cells:
        """Cells with intervals cut to the width's range and step; empty ones are dropped."""
        bounds, step = self.factors.ranges[self.factors.width or ""], self.factors.step
        low = -(-np.maximum(low, bounds.low) // step) * step
        high = np.minimum(high, bounds.high) // step * step
        kept = low <= high
        return Cells({it: column[kept] for it, column in columns.items()}, low[kept], high[kept])


class ByWidth(Skeleton):
    """CP-SAT finds the values of all symbols, with the largest width for each combination.

    ``width · w + rest ≤ high < (width + step) · w + rest``; the smallest width is
    ``⌈(low − rest) / w⌉``.
    """

    @property
    def size(self) -> float:
        """The number of combinations: the budgets may allow all of them."""
        return float(np.prod([float(len(domain)) for domain in self.domains.values()]))

    def solve(self, time_limit: float) -> tuple[Cells, Report]:
        """All cells; without a width, the combinations that satisfy the budgets."""
        width = self.factors.width
        if self.is_void:
            return self.void()
        if not self.factors.budgets:
            return Cells({}, np.zeros(1, np.int64), np.zeros(1, np.int64)), DECIDED
        if self.size <= FEW and self._is_exact:
            started = time.perf_counter()
            cells = self._tabled()
            report = DECIDED if len(cells) else NONE
            return cells, report._replace(wall_time=time.perf_counter() - started)
        model = self.declared()
        if width is None:
            for budget in self.factors.budgets:
                budget.post(model)
            columns, report = _listed(model, self.factors.symbols, time_limit)
            none = np.zeros(_length(columns, report), np.int64)
            return Cells(columns, none, none), report
        highest = min(budget.band.high for budget in self.factors.budgets)
        least = self.factors.ranges[width].low
        self.declare_width(model, least, max(highest, least))
        self._post_largest_width(model, width)
        columns, report = _listed(model, [*self.factors.symbols, width], time_limit)
        high = columns.pop(width)
        return self.cut(columns, self._least_width(columns, len(high)), high), report

    @property
    def _is_exact(self) -> bool:
        """Whether every weight and rest fits into 64 bits."""
        values = self.values_of({it: domain[-1:] for it, domain in self.domains.items()})
        highest = {it: int(np.max(column)) for it, column in values.items()}
        polynomials = [it for part in self.factors.parts for it in part]
        return all(polynomial.at(highest) < LARGEST for polynomial in polynomials)

    def _tabled(self) -> Cells:
        """All cells without CP-SAT, by trying all combinations."""
        grid = combinations([self.domains[it] for it in self.factors.symbols])
        columns = dict(zip(self.factors.symbols, grid, strict=True))
        if RESOLUTION in columns:
            fits = self.factors.chain.before(columns[RESOLUTION]).last > 0
            columns = {it: column[fits] for it, column in columns.items()}
        rows, values = len(next(iter(columns.values()), range(1))), self.values_of(columns)
        low, high = self._least_width(columns, rows), np.full(rows, LARGEST)
        for budget, (weight, rest) in zip(self.factors.budgets, self.factors.parts, strict=True):
            missing = budget.band.high - rest.at(values)
            if self.factors.width is None:
                low = np.where((missing >= 0) & (rest.at(values) >= budget.band.low), low, LARGEST)
            else:
                high = np.minimum(high, missing // weight.at(values))
        if self.factors.width is not None:
            return self.cut(columns, low, high)
        kept = low == 0
        none = np.zeros(int(kept.sum()), np.int64)
        return Cells({it: column[kept] for it, column in columns.items()}, none, none)

    def _post_largest_width(self, model: "Model", width: str) -> None:
        exceeds = []
        for budget, (weight, _) in zip(self.factors.budgets, self.factors.parts, strict=True):
            high = budget.band.high
            total = model.total(budget.polynomial, width, high)
            following = total + self.factors.step * model.linear(weight, high)
            if len(self.factors.parts) == 1:
                model.cp.add(total >= budget.band.low)
                model.cp.add(following >= high + 1)
                return
            is_last = model.cp.new_bool_var(f"last width of {budget.name}")
            model.cp.add(total >= budget.band.low)
            model.cp.add(following >= high + 1).only_enforce_if(is_last)
            model.cp.add(following <= high).only_enforce_if(~is_last)
            exceeds.append(is_last)
        model.cp.add_bool_or(exceeds)

    def _least_width(self, columns: Mapping[str, Ints], rows: int) -> Ints:
        values = self.values_of(columns)
        least = np.zeros(rows, np.int64)
        for budget, (weight, rest) in zip(self.factors.budgets, self.factors.parts, strict=True):
            if self.factors.width is None:
                break
            missing = budget.band.low - rest.at(values)
            least = np.maximum(least, -(-missing // weight.at(values)))
        return least


class ByWeight(Skeleton):
    """CP-SAT finds the widths, with the largest weight ``w`` for each.

    There is one budget ``width · w + rest`` with ``w = u + v``. ``u`` depends on the first window
    only, and ``v`` on the second: ``width · w + rest ≤ high < width · (w + 1) + rest``. Windows are
    looked up whose weights lie between the least, ``⌈(low − rest) / width⌉``, and the largest.
    There are far fewer widths than pairs of kernels and maps.
    """

    @property
    def is_possible(self) -> bool:
        """Whether there is one budget, and it has that form."""
        factors, chain = self.factors, self.factors.chain
        is_one = len(factors.budgets) == 1 and factors.width is not None
        window = {chain.first_side, *chain.first_kernel}
        return is_one and RESOLUTION not in factors.symbols and window <= {*factors.symbols}

    @property
    def _budget(self) -> EqualBudget:
        (budget,) = self.factors.budgets
        return budget

    @cached_property
    def _first(self) -> Polynomial:
        """``u``."""
        chain = self.factors.chain
        return self.factors.parts[0][0].only({*chain.symbols_between, *chain.first_kernel})

    @cached_property
    def _second(self) -> Polynomial:
        """``v``."""
        return self.factors.parts[0][0] + -1 * self._first

    @cached_property
    def _rest(self) -> int:
        value = self.factors.parts[0][1].value
        assert value is not None
        return value

    @cached_property
    def _kernels(self) -> Ints:
        """Kernels of the first window; 1 if it is known."""
        kernels = self.factors.chain.first_kernel
        return self.domains[kernels[0]] if kernels else np.zeros(1, np.int64)

    @cached_property
    def _costs(self) -> Ints:
        """``u`` for each kernel (rows) and side (columns); it increases with both."""
        values: dict[str, Any] = dict(self.between.by_symbol)
        values.update(dict.fromkeys(self.factors.chain.first_kernel, self._kernels[:, None]))
        costs = self._first.at(values)
        return np.broadcast_to(costs, (len(self._kernels), len(self.between.first)))

    @cached_property
    def _second_kernels(self) -> Ints:
        symbols = self._second.symbols
        return self.domains[next(iter(symbols))] if symbols else np.ones(1, np.int64)

    @property
    def size(self) -> float:
        """The number of possible widths."""
        low, high = self._widths
        return max(0, high - low + 1) / self.factors.step

    @cached_property
    def _widths(self) -> tuple[int, int]:
        """The least and the largest width that meet the band with some weight."""
        symbols, kernels = self._second.symbols, self._second_kernels
        if self.is_void:
            return 1, 0
        cheapest = {it: int(kernels[0]) for it in symbols}
        dearest = {it: int(kernels[-1]) for it in symbols}
        least = int(self._costs[0, 0]) + self._second.at(cheapest)
        most = int(self._costs[-1, -1]) + self._second.at(dearest)
        bounds, band = self.factors.ranges[self.factors.width or ""], self._budget.band
        low = max(bounds.low, -(-(band.low - self._rest) // most))
        return low, min(bounds.high, (band.high - self._rest) // least)

    def solve(self, time_limit: float) -> tuple[Cells, Report]:
        """All cells, one for each width and pair of windows.

        Raises
        ------
        TooManyError
            There are too many combinations of kernels and widths.
        """
        (low, high), width = self._widths, self.factors.width
        if high < low or width is None:
            return self.void()
        model = _model()
        self.declare_width(model, low, high)
        self._post_largest_weight(model, width)
        columns, report = _listed(model, [width, "w"], time_limit)
        return self._cells(columns[width], columns["w"]), report

    def _post_largest_weight(self, model: "Model", width: str) -> None:
        low, high = (count - self._rest for count in self._budget.band)
        weight = model.declare("w", 1, high)
        total = model.cp.new_int_var(low, high, "total")
        model.cp.add_multiplication_equality(total, [model[width], weight])
        model.cp.add(total + model[width] >= high + 1)

    def _cells(self, widths: Ints, highest: Ints) -> Cells:
        """All windows with weights between the least and the highest for their width."""
        lowest = -(-(self._budget.band.low - self._rest) // widths)
        kernels, seconds = self._kernels, self._second_kernels
        if float(len(widths)) * len(kernels) * len(seconds) > LARGEST_TABLE:
            raise TooManyError
        second = self._second.at(dict.fromkeys(self._second.symbols, seconds))
        lowest, highest = (np.subtract.outer(it, second).ravel() for it in (lowest, highest))
        starts = np.stack([np.searchsorted(costs, lowest) for costs in self._costs])
        ends = np.stack([np.searchsorted(costs, highest, side="right") for costs in self._costs])
        query, side = ragged(starts.ravel(), bounded(np.maximum(ends - starts, 0).ravel()))
        kernel, query = np.divmod(query, len(lowest))
        row, column = np.divmod(query, len(seconds))
        chain = self.factors.chain
        values = {chain.first_side: self.between.first[side]}
        values.update(dict.fromkeys(self._second.symbols, seconds[column]))
        values.update(dict.fromkeys(chain.first_kernel, kernels[kernel]))
        return Cells(values, widths[row], widths[row])


def smaller_skeleton(factors: Factors, between: Sides) -> Skeleton:
    """The skeleton for which CP-SAT enumerates fewer solutions."""
    by_width, by_weight = ByWidth(factors, between), ByWeight(factors, between)
    if by_width.size <= FEW or not by_weight.is_possible:
        return by_width
    return by_weight if by_weight.size < by_width.size else by_width


def _model() -> "Model":
    """An empty model; OR-Tools is loaded here, since most problems are solved without it."""
    from solver.engines.full.model import Model

    return Model()


def _listed(
    model: "Model", symbols: list[str], time_limit: float
) -> tuple[dict[str, Ints], Report]:
    rows, report = model.enumerate(symbols, time_limit, MOST)
    columns: NDArray[np.int64] = np.ascontiguousarray(rows.T)
    return dict(zip(symbols, columns, strict=True)), report


def _length(columns: Mapping[str, Ints], report: Report) -> int:
    """Number of rows; a list without columns has one row if CP-SAT found a solution."""
    if columns:
        return len(next(iter(columns.values())))
    return int(report.status == "OPTIMAL")
