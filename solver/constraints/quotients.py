"""The widths that would spend a budget exactly, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

from solver.variation.unknown import Range

HANDFUL: Final = 3
"""Number of quotients that are shown."""


@dataclass(frozen=True)
class Quotient:
    """``width' = (D − rest) / w``: the budget is exact if this is a whole number."""

    band: Range
    target: int
    rest: int
    weight: int
    where: str

    @cached_property
    def value(self) -> Fraction:
        """The width for which the budget is exact."""
        return Fraction(self.target - self.rest, self.weight)

    @property
    def distance(self) -> Fraction:
        """Distance to the nearest whole number above 0."""
        return abs(self.value - max(1, round(self.value)))

    @property
    def would_do(self) -> bool:
        """Whether the count is within the band for some width."""
        low, high = (bound - self.rest for bound in self.band)
        return high // self.weight >= max(1, -(-low // self.weight))

    def __str__(self) -> str:
        room = f"({self.target:,} − {self.rest:,})" if self.rest else f"{self.target:,}"
        where = f" with {self.where}" if self.where else ""
        return f"{room}/{self.weight:,} = {_decimal(self.value)}{where}"


def listed(quotients: Sequence[Quotient]) -> str:
    """The quotients nearest to a width, the nearest first, and the number of others."""
    nearest = sorted(quotients, key=lambda it: it.distance)
    others = len(nearest) - HANDFUL
    more = f"; or one of {others:,} others" if others > 1 else "; or another" if others == 1 else ""
    return "; ".join(map(str, nearest[:HANDFUL])) + more


def verdict(quotients: Sequence[Quotient]) -> str:
    """Why none of the quotients is a solution."""
    is_one = len(quotients) == 1
    if any(it.would_do for it in quotients):
        return f"all else rules {'it out' if is_one else 'out those that would do'}"
    low, high = quotients[0].band
    near = "whole" if low == high else f"near enough to a whole number, for {low:,}..{high:,}"
    return f"{'it is not' if is_one else 'none is'} {near}"


def _decimal(value: Fraction) -> str:
    """The number with two decimal places, or more if needed to show that it is not whole."""
    if value.denominator == 1:
        return f"{value.numerator:,}".replace("-", "−")
    number = float(value)
    places = next((n for n in range(2, 10) if float(f"{number:.{n}f}") % 1), 10)
    return f"{number:,.{places}f}".replace("-", "−")
