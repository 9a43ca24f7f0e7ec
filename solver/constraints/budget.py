"""Equal budgets: Eq. 1 over the whole network."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from solver.constraints.base import Evidence, Relaxable
from solver.constraints.quotients import Quotient, listed, verdict
from solver.network.schema import MAX_COUNT
from solver.variation.polynomial import Polynomial
from solver.variation.symbols import side_symbol
from solver.variation.template import Assignment, Template
from solver.variation.tolerance import Tolerance
from solver.variation.unknown import IMAGE, RESOLUTION, Range, Role

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

    from solver.engines.full.model import Model
    from solver.variation.numbers import Columns, Flags, Numbers


Direction: TypeAlias = Literal["below", "above", "either"]
"""The direction in which counts may deviate."""

UNITS: Final = {"out_channels": "filter", "out_features": "feature"}
"""What a width counts, by the name of its range."""


@dataclass(frozen=True)
class EqualBudget(Relaxable):
    """``D' = D``, or ``D'`` within the tolerance's band around ``D`` (Eq. 1 and footnote 3).

    ``width`` is the unknown that pays, if there is one: ``D' = width · w + rest``.
    """

    template: Template
    tolerance: Tolerance
    width: str | None

    @property
    @abstractmethod
    def target(self) -> int:
        """``D``: the original's count."""

    @property
    @abstractmethod
    def polynomial(self) -> Polynomial:
        """``D'`` as a polynomial, for the encoding."""

    @abstractmethod
    def count(self, assignment: Assignment) -> int:
        """``D'`` of one assignment."""

    @abstractmethod
    def counts(self, rows: "Columns") -> "Numbers":
        """``D'`` of many assignments."""

    @cached_property
    def band(self) -> Range:
        """Counts that pass."""
        return self.tolerance.band(self.target)

    def post(self, model: "Model") -> None:
        """``low ≤ width · w + rest ≤ high``."""
        model.cp.add(model.total(self.polynomial, self.width, self.band.high) >= self.band.low)

    def deviation(
        self, model: "Model", direction: Direction = "either", most: int = MAX_COUNT
    ) -> "cp_model.LinearExprT":
        """``|D' − D|``, at most ``most``, for counts up to ``D``, from ``D`` up, or any.

        Counts that JSON does not keep exact are excluded.
        """
        target = self.target
        highest = min(model.high(self.polynomial), target + most, MAX_COUNT)
        high = target if direction == "below" else max(target, highest)
        total = model.total(self.polynomial, self.width, high)
        if direction == "below":
            return target - total
        if direction == "above":
            model.cp.add(total >= target)
            return total - target
        farthest = min(most, max(target, high - target))
        distance = model.cp.new_int_var(0, farthest, f"off {self.name}")
        model.cp.add_abs_equality(distance, total - target)
        return distance

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Count again and compare."""
        found = self.count(assignment)
        if not self.band.low <= found <= self.band.high:
            yield f"{self.name}: {found:,} is not within {self.band.low:,}..{self.band.high:,}"

    def holds(self, rows: "Columns") -> "Flags":
        """Count again and compare."""
        found = self.counts(rows)
        is_within = (found >= self.band.low) & (found <= self.band.high)
        return (rows[RESOLUTION] > 0) & is_within  # type: ignore[no-any-return]

    def excess(self, model: "Model") -> "cp_model.LinearExprT":
        """Deviation of the count."""
        return self.deviation(model)

    def reason(self, evidence: Evidence) -> str:
        """The original's count, why no width is exact, and the nearest count."""
        found = self.polynomial.at(evidence.nearest)
        off = f"{abs(found - self.target):,} {'more' if found > self.target else 'fewer'}"
        nearest = f"The nearest count that all else leaves is {found:,}, {off}."
        return " ".join([f"{self.held}.", *self._misfit(evidence), nearest])

    @property
    @abstractmethod
    def held(self) -> str:
        """The original's count, in words."""

    @property
    def told_by(self) -> Sequence[str]:
        """Symbols in ``w`` and ``rest``: unknowns, and sides behind the first changed layer."""
        if self.width is None:
            return ()
        places = self.template.places
        first = min(places[it.layer] for it in self.template.unknowns if it.layer != IMAGE)
        early = {side_symbol(tensor) for tensor in range(first + 1)}
        symbols = self.polynomial.symbols - {self.width}
        return sorted(symbols - early | ({RESOLUTION} if symbols & early else set()))

    def _misfit(self, evidence: Evidence) -> Iterator[str]:
        """Yield why no width satisfies ``width · w + rest = D``, in the numbers of the cases."""
        if self.width is None:
            yield "No unknown pays for what a larger image costs."
            return
        weight, rest = self.polynomial.collect(self.width)
        if weight.value == 1:
            return
        quotients = [
            Quotient(self.band, self.target, rest.at(case), weight.at(case), self._spelled(case))
            for case in evidence.cases
        ]
        field = next(it.field for it in self.template.unknowns if it.role is Role.WIDTH)
        unit = UNITS[field]
        formula = "(D − rest)/w" if rest.terms else "D/w"
        where = "" if evidence.is_complete else "at the nearest "
        yield (
            f"With all else kept, {self.width}' = {formula}, w what one {unit} costs, would be "
            f"{where}{listed(quotients)}: {verdict(quotients)}."
        )

    def _spelled(self, case: Assignment) -> str:
        """The values of a case, in words."""
        layers = enumerate(self.template.layers)
        behind = {side_symbol(index + 1): layer.name for index, layer in layers}
        return ", ".join(
            f"M' = {case[symbol]} after {behind[symbol]}"
            if symbol in behind
            else f"{symbol}' = {case[symbol]}"
            for symbol in self.told_by
        )


@dataclass(frozen=True)
class EqualParams(EqualBudget):
    """Eq. 1, where ``D`` is the parameters of the whole network (Eqs. 2, 3)."""

    name = "equal params"

    @cached_property
    def target(self) -> int:
        """Counted over every layer."""
        return int(self.template.original_walk.params)

    @property
    def held(self) -> str:
        """The count."""
        return f"The network has {self.target:,} parameters"

    @cached_property
    def polynomial(self) -> Polynomial:
        """Sum over all layers, as a function of the unknowns."""
        return self.template.symbols.params

    def count(self, assignment: Assignment) -> int:
        """Build the variant and count it."""
        return int(self.template.walk(assignment).params)

    def counts(self, rows: "Columns") -> "Numbers":
        """Count layer by layer."""
        return rows.params


@dataclass(frozen=True)
class EqualFlops(EqualBudget):
    """Eq. 1, where ``D`` is the FLOPs of the whole network (Eq. 5)."""

    count_pooling: bool

    name = "equal flops"

    @cached_property
    def target(self) -> int:
        """Counted over every layer."""
        return int(self.template.original_walk.flops(count_pooling=self.count_pooling))

    @property
    def held(self) -> str:
        """The count."""
        return f"The network takes {self.target:,} FLOPs"

    @cached_property
    def polynomial(self) -> Polynomial:
        """Sum over all layers, as a function of the unknowns."""
        return self.template.symbols.flops(count_pooling=self.count_pooling)

    def count(self, assignment: Assignment) -> int:
        """Build the variant and count it."""
        walk = self.template.walk(assignment)
        return int(walk.flops(count_pooling=self.count_pooling))

    def counts(self, rows: "Columns") -> "Numbers":
        """Count layer by layer."""
        return rows.flops(count_pooling=self.count_pooling)


@dataclass(frozen=True)
class EqualMacs(EqualBudget):
    """Eq. 1, where ``D`` is the multiply-adds of the whole network: no pools, and no biases."""

    name = "equal macs"

    @cached_property
    def target(self) -> int:
        """Counted over every layer."""
        return int(self.template.original_walk.macs)

    @property
    def held(self) -> str:
        """The count."""
        return f"The network takes {self.target:,} multiply-adds"

    @cached_property
    def polynomial(self) -> Polynomial:
        """Sum over all layers, as a function of the unknowns."""
        return self.template.symbols.macs

    def count(self, assignment: Assignment) -> int:
        """Build the variant and count it."""
        return int(self.template.walk(assignment).macs)

    def counts(self, rows: "Columns") -> "Numbers":
        """Count layer by layer."""
        return rows.macs
