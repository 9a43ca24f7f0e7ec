"""Polynomials with integer coefficients, for counts as functions of the unknowns."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from functools import cache, cached_property, lru_cache
from math import prod
from typing import Any, TypeAlias

Monomial: TypeAlias = tuple[str, ...]
"""Sorted symbols; a square lists its symbol twice, a constant lists none."""


class Polynomial:
    """A sum of products, e.g. ``K1 * (3 * C1 * C1 + 20 * C2 * C2) + 500``."""

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        self.terms = {monomial: factor for monomial, factor in terms.items() if factor}

    @classmethod
    @cache
    def symbol(cls, name: str) -> "Polynomial":
        """One unknown."""
        return cls({(name,): 1})

    @classmethod
    @lru_cache(maxsize=256)
    def constant(cls, value: int) -> "Polynomial":
        """A number."""
        return cls({(): value})

    @property
    def value(self) -> int | None:
        """The constant that the polynomial is; ``None`` if it has unknowns."""
        return self.terms.get((), 0) if self.terms.keys() <= {()} else None

    @cached_property
    def symbols(self) -> Set[str]:
        """The unknowns that occur."""
        return frozenset(symbol for monomial in self.terms for symbol in monomial)

    def __add__(self, other: "Polynomial | int") -> "Polynomial":
        if isinstance(other, int) and not other:
            return self
        terms = dict(self.terms)
        for monomial, factor in _coerce(other).terms.items():
            terms[monomial] = terms.get(monomial, 0) + factor
        return Polynomial(terms)

    def __mul__(self, other: "Polynomial | int") -> "Polynomial":
        if isinstance(other, int):
            return Polynomial({monomial: factor * other for monomial, factor in self.terms.items()})
        terms: dict[Monomial, int] = {}
        for left, a in self.terms.items():
            for right, b in other.terms.items():
                monomial = tuple(sorted(left + right)) if left and right else left or right
                terms[monomial] = terms.get(monomial, 0) + a * b
        return Polynomial(terms)

    def __neg__(self) -> "Polynomial":
        return self * -1

    def __sub__(self, other: "Polynomial | int") -> "Polynomial":
        return self + -1 * _coerce(other)

    def __rsub__(self, other: int) -> "Polynomial":
        return other + -self

    def __floordiv__(self, other: "Polynomial | int") -> "Polynomial":
        """Divide by a number, a product of unknowns, or a sum of such.

        Raises
        ------
        ArithmeticError
            It does not divide the polynomial.
        """
        other = _coerce(other)
        if len(other.terms) > 1:
            return self._divided(other)
        terms: dict[Monomial, int] = {}
        ((divisor, number),) = other.terms.items()
        for monomial, factor in self.terms.items():
            if factor % number or Counter(divisor) - Counter(monomial):
                raise ArithmeticError(f"{number} and {divisor} do not divide {factor} {monomial}")
            rest = Counter(monomial) - Counter(divisor)
            terms[tuple(sorted(rest.elements()))] = factor // number
        return Polynomial(terms)

    def _divided(self, other: "Polynomial") -> "Polynomial":
        """Divide by a sum: each step removes the leading term."""
        quotient, rest, divisor = Polynomial({}), self, _leading(other)
        while rest.terms:
            term = _leading(rest) // divisor
            quotient, rest = quotient + term, rest - term * other
        return quotient

    def __mod__(self, other: "Polynomial | int") -> "Polynomial":
        """Refuse: a remainder is no polynomial.

        Raises
        ------
        ArithmeticError
            Always.
        """
        raise ArithmeticError(f"{self.terms} modulo {other} is no polynomial")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Polynomial | int) and self.terms == _coerce(other).terms

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    __radd__ = __add__
    __rmul__ = __mul__

    def collect(self, symbol: str) -> "tuple[Polynomial, Polynomial]":
        """Split into ``(w, rest)`` with ``self == symbol * w + rest``."""
        weight = {_without(m, symbol): f for m, f in self.terms.items() if symbol in m}
        rest = {m: f for m, f in self.terms.items() if symbol not in m}
        return Polynomial(weight), Polynomial(rest)

    def only(self, symbols: Set[str]) -> "Polynomial":
        """The terms with at least one of these unknowns."""
        return Polynomial({m: f for m, f in self.terms.items() if not symbols.isdisjoint(m)})

    def given(self, values: Mapping[str, int]) -> "Polynomial":
        """The polynomial with numbers in place of some unknowns."""
        terms: dict[Monomial, int] = {}
        for monomial, factor in self.terms.items():
            left = tuple(symbol for symbol in monomial if symbol not in values)
            known = prod((values[it] for it in monomial if it in values), start=factor)
            terms[left] = terms.get(left, 0) + known
        return Polynomial(terms)

    def at(self, values: Mapping[str, Any]) -> Any:
        """The value for these values of the unknowns, which are numbers or columns."""
        total: Any = 0
        for monomial, factor in self.terms.items():
            total = total + prod((values[symbol] for symbol in monomial), start=factor)
        return total

    def __iter__(self) -> Iterator[tuple[Monomial, int]]:
        return iter(self.terms.items())


def _coerce(value: Polynomial | int) -> Polynomial:
    return value if isinstance(value, Polynomial) else Polynomial.constant(value)


def _leading(polynomial: Polynomial) -> Polynomial:
    """The term with the most unknowns; of several, the first by their symbols."""
    monomial = min(polynomial.terms, key=lambda it: (-len(it), it))
    return Polynomial({monomial: polynomial.terms[monomial]})


def _without(monomial: Monomial, symbol: str) -> Monomial:
    position = monomial.index(symbol)
    return monomial[:position] + monomial[position + 1 :]


def total(counts: Iterable[Polynomial | int]) -> Polynomial:
    """The sum of polynomials and numbers; a long sum takes no longer than its terms."""
    terms: dict[Monomial, int] = {}
    for count in counts:
        for monomial, factor in count if isinstance(count, Polynomial) else [((), count)]:
            terms[monomial] = terms.get(monomial, 0) + factor
    return Polynomial(terms)
