"""Equal budgets as Section 3 prints them: Eqs. 6, 9, 14, 15 and 19, for scope ``paper``."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from solver.constraints.budget import EqualBudget
from solver.variation.polynomial import Polynomial
from solver.variation.template import Assignment, Template

if TYPE_CHECKING:
    from solver.variation.numbers import Columns, Numbers


@dataclass(frozen=True)
class PrintedBudget(EqualBudget):
    """An equation taken literally: biases, norms and groups do not count.

    Attributes
    ----------
    original
        Values of the equation's symbols in the original.
    maps
        Symbols of map sides that the variant may change, each with the place of the layer before.
    """

    original: Assignment
    maps: Mapping[str, int]

    @abstractmethod
    def left(self, values: "Mapping[str, Numbers]") -> "Numbers":
        """The left of the equation, which is about the variant, for numbers or columns."""

    def right(self, values: "Mapping[str, Numbers]") -> "Numbers":
        """The right of the equation: the same terms, unless the approach adds a layer."""
        return self.left(values)

    @property
    def target(self) -> int:
        """The right of the equation."""
        target: int = self.right(self.original)
        return target

    def count(self, assignment: Assignment) -> int:
        """The left of the equation, with the variant's map sizes."""
        sides = {
            symbol: _side_behind(self.template, place, assignment)
            for symbol, place in self.maps.items()
        }
        count: int = self.left({**self.original, **assignment, **sides})
        return count

    def counts(self, rows: "Columns") -> "Numbers":
        """The left of the equation for many assignments."""
        sides = {symbol: rows.side(place + 1) for symbol, place in self.maps.items()}
        return self.left({**self.original, **rows.values, **sides})

    @property
    def first_filters(self) -> str:
        """The original's first convolution in words: ``36 filters of 3×3×3``."""
        K1, C1, D = (self.original[symbol] for symbol in ("K1", "C1", "D"))
        return f"{K1:,} filter{'s' if K1 > 1 else ''} of {C1}×{C1}×{D:,}"

    @property
    def second_filters(self) -> str:
        """The original's second convolution in words: ``20 of 3×3×36``."""
        K2, C2, K1 = (self.original[symbol] for symbol in ("K2", "C2", "K1"))
        return f"{K2:,} of {C2}×{C2}×{K1:,}"

    def primed(self, *symbols: str) -> list[Polynomial]:
        """The symbols in the variant as polynomials; known ones are constants."""
        return [self._primed(symbol) for symbol in symbols]

    def _primed(self, symbol: str) -> Polynomial:
        if symbol in self.maps:
            return self.template.symbols.side(self.maps[symbol] + 1)
        if any(it.symbol == symbol for it in self.template.unknowns):
            return Polynomial.symbol(symbol)
        return Polynomial.constant(self.original[symbol])


@dataclass(frozen=True)
class SameWidth(PrintedBudget):
    """``Z1' = Z1``: behind the average pool the parameters are equal (Section 3.1)."""

    name = "equal params (Z1' = Z1)"

    @property
    def held(self) -> str:
        """The features."""
        return f"The first linear layer has {self.target:,} features"

    @cached_property
    def polynomial(self) -> Polynomial:
        """The left of the equation."""
        (Z1,) = self.primed("Z1")
        return Z1

    def left(self, values: "Mapping[str, Numbers]") -> "Numbers":
        """The features of the first linear layer."""
        return values["Z1"]


@dataclass(frozen=True)
class Equation6(PrintedBudget):
    """``U1²V1 + V1Z1 + Z1Z2 = U1'²V1 + V1Z1' + Z1'Z2`` (Eq. 6)."""

    name = "equal flops (Eq. 6)"

    @property
    def held(self) -> str:
        """The terms."""
        U1, V1, Z1, Z2 = (self.original[symbol] for symbol in ("U1", "V1", "Z1", "Z2"))
        terms = f"{U1}²·{V1:,} + {V1:,}·{Z1:,} + {Z1:,}·{Z2:,}"
        return f"The average pool and two linear layers take {terms} = {self.target:,} FLOPs"

    @cached_property
    def polynomial(self) -> Polynomial:
        """The left of the equation."""
        U1, V1, Z1, Z2 = self.primed("U1", "V1", "Z1", "Z2")
        return U1 * U1 * V1 + V1 * Z1 + Z1 * Z2

    def left(self, values: "Mapping[str, Numbers]") -> "Numbers":
        """The terms, one by one."""
        U1, V1, Z1, Z2 = (values[symbol] for symbol in ("U1", "V1", "Z1", "Z2"))
        return U1**2 * V1 + V1 * Z1 + Z1 * Z2


@dataclass(frozen=True)
class Equation9(PrintedBudget):
    """``K1·C1²·D = K1'·C1'²·D`` (Eq. 9)."""

    name = "equal params (Eq. 9)"

    @property
    def held(self) -> str:
        """The weights."""
        verb = "hold" if self.original["K1"] > 1 else "holds"
        return f"{self.first_filters} {verb} {self.target:,} weights"

    @cached_property
    def polynomial(self) -> Polynomial:
        """The variant's weights."""
        D, K1, C1 = self.primed("D", "K1", "C1")
        return K1 * C1 * C1 * D

    def left(self, values: "Mapping[str, Numbers]") -> "Numbers":
        """The weights."""
        return values["K1"] * values["C1"] ** 2 * values["D"]


@dataclass(frozen=True)
class Equation14(PrintedBudget):
    """``M1²·C1²·D·K1 = M1'²·C1'²·D·K1' + M1'²·K1'`` (Eq. 14)."""

    name = "equal flops (Eq. 14)"

    @property
    def held(self) -> str:
        """The multiply-adds."""
        M1, verb = self.original["M1"], "take" if self.original["K1"] > 1 else "takes"
        return f"{self.first_filters} on {M1}×{M1} pixels {verb} {self.target:,} multiply-adds"

    @cached_property
    def polynomial(self) -> Polynomial:
        """The variant's convolution, and its pool."""
        D, K1, C1, M1 = self.primed("D", "K1", "C1", "M1")
        return M1 * M1 * C1 * C1 * D * K1 + M1 * M1 * K1

    def left(self, values: "Mapping[str, Numbers]") -> "Numbers":
        """The variant's convolution, and its pool."""
        return self.right(values) + values["M1"] ** 2 * values["K1"]

    def right(self, values: "Mapping[str, Numbers]") -> "Numbers":
        """The convolution alone."""
        return values["M1"] ** 2 * values["C1"] ** 2 * values["D"] * values["K1"]


@dataclass(frozen=True)
class Equation15(PrintedBudget):
    """``K1'·C1'²·D + K2·C2'²·K1' = K1·C1²·D + K2·C2²·K1`` (Eq. 15)."""

    name = "equal params (Eq. 15)"

    @property
    def held(self) -> str:
        """The weights of both convolutions."""
        return f"{self.first_filters} and {self.second_filters} hold {self.target:,} weights"

    @cached_property
    def polynomial(self) -> Polynomial:
        """The left of the equation."""
        D, K1, C1, K2, C2 = self.primed("D", "K1", "C1", "K2", "C2")
        return K1 * C1 * C1 * D + K2 * C2 * C2 * K1

    def left(self, values: "Mapping[str, Numbers]") -> "Numbers":
        """Both convolutions."""
        D, K1, C1, K2, C2 = (values[symbol] for symbol in ("D", "K1", "C1", "K2", "C2"))
        return K1 * C1**2 * D + K2 * C2**2 * K1


@dataclass(frozen=True)
class Equation19(PrintedBudget):
    """``D·M1'²·C1'²·K1' + M2²·K1'·C2'²·K2 = D·M1²·C1²·K1 + M2²·K1·C2²·K2`` (Eq. 19)."""

    name = "equal flops (Eq. 19)"

    @property
    def held(self) -> str:
        """The multiply-adds of both convolutions."""
        M1, M2 = (f"{self.original[symbol]}×{self.original[symbol]}" for symbol in ("M1", "M2"))
        first = f"{self.first_filters} on {M1} pixels"
        second = f"{self.second_filters} on {M2}"
        return f"{first} and {second} take {self.target:,} multiply-adds"

    @cached_property
    def polynomial(self) -> Polynomial:
        """The left of the equation."""
        D, K1, C1, M1 = self.primed("D", "K1", "C1", "M1")
        K2, C2, M2 = self.primed("K2", "C2", "M2")
        return D * M1 * M1 * C1 * C1 * K1 + M2 * M2 * K1 * C2 * C2 * K2

    def left(self, values: "Mapping[str, Numbers]") -> "Numbers":
        """Both convolutions."""
        D, K1, C1, M1 = (values[symbol] for symbol in ("D", "K1", "C1", "M1"))
        K2, C2, M2 = (values[symbol] for symbol in ("K2", "C2", "M2"))
        return D * M1**2 * C1**2 * K1 + M2**2 * K1 * C2**2 * K2


def _side_behind(template: Template, place: int, assignment: Assignment) -> int:
    """Side of the map behind a layer of one variant."""
    return int(template.walk(assignment, place + 1).shapes[-1][1])
