"""Congruences that every solution of the budgets satisfies."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solver.engines.whole.equations import Equations
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Ints

PRIMES: Final = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31)
MOST: Final = 4_096
"""Largest prime power that is looked at."""
MIXED: Final = 3
"""How many combinations of two counts are looked at for each prime power."""


class Monomials(NamedTuple):
    """The equalities as sums of widths and products of widths, in steps.

    Groups that have one width left are part of the targets.

    Attributes
    ----------
    places
        The two factors of each of the ``K`` monomials, shape ``(K, 2)``; -1 is no factor.
    factors
        The coefficients in each equality, shape ``(K, m)``, of Python's whole numbers.
    targets
        What the monomials must sum to in each equality, shape ``(m,)``, likewise.
    """

    places: Ints
    factors: NDArray[np.object_]
    targets: NDArray[np.object_]

    @classmethod
    def of(cls, problem: WholeProblem) -> "Monomials":
        """The monomials of the budgets whose tolerance is 0."""
        equations = Equations.of(problem)
        fixed = {int(i): int(problem.low[i]) for i in np.flatnonzero(problem.low == problem.high)}
        table: dict[tuple[int, int], list[int]] = {}
        targets = np.array(equations.targets, object)
        for which, count in enumerate(equations.counts):
            targets[which] -= count.constant
            linear = [(-1, place) for place in range(len(count.linear))]
            pairs = [*linear, *map(tuple, count.pairs.tolist())]
            for pair, factor in zip(pairs, [*count.linear, *count.factors], strict=True):
                value, left = int(factor), []
                for place in pair:
                    value *= fixed.get(place, 1)
                    left += [] if place in fixed or place < 0 else [place]
                if not left:
                    targets[which] -= value
                elif value:
                    key = (left[0], left[1] if left[1:] else -1)
                    row = table.setdefault(key, [0] * len(equations))
                    row[which] += value
        places = np.array(list(table), np.int64).reshape(-1, 2)
        factors = np.array(list(table.values()), object).reshape(len(table), len(equations))
        return cls(places, factors, targets)


@dataclass(frozen=True, eq=False)
class Congruence:
    """``sum over monomials of factor * product  ≡  remainder  (mod modulus)``.

    Attributes
    ----------
    modulus
        A number above 1.
    weights
        How many times each equality is in it.
    remainder
        The targets' remainder.
    monomials
        Places of the factors of the monomials that do not vanish, shape ``(k, 2)``.
    factors
        Their coefficients, shape ``(k,)``.
    """

    modulus: int
    weights: tuple[int, ...]
    remainder: int
    monomials: Ints
    factors: Ints

    @property
    def places(self) -> Ints:
        """The groups in it."""
        found = np.unique(self.monomials)
        return found[found >= 0]

    @property
    def is_linear(self) -> bool:
        """Whether no two widths are multiplied in it."""
        return bool((self.monomials[:, 1] < 0).all())

    def holds(self, steps: Ints) -> NDArray[np.bool_]:
        """Which numbers of steps of the only group in it satisfy it."""
        total = np.zeros_like(steps)
        for (_, second), factor in zip(self.monomials.tolist(), self.factors.tolist(), strict=True):
            total += factor * (steps if second < 0 else steps * steps) % self.modulus
        found: NDArray[np.bool_] = total % self.modulus == self.remainder
        return found

    def subject(self, problem: WholeProblem) -> str:
        """What is congruent: a count, or a sum of counts, in words."""
        names = (LABELS.get(it.name, it.name) for it in problem.budgets if it.is_exact)
        parts = [
            name if times == 1 else f"{times:,} times the {name}"
            for times, name in zip(self.weights, names, strict=True)
            if times
        ]
        return " plus ".join(parts)

    def clash(self, problem: WholeProblem) -> str:
        """A sentence on a congruence that no widths satisfy, because nothing is left in it."""
        targets = Equations.of(problem).targets
        total = sum(times * target for times, target in zip(self.weights, targets, strict=True))
        always, wanted = (total - self.remainder) % self.modulus, total % self.modulus
        place, m = f"At {problem.resolution:,} px", f"{self.modulus:,}"
        if sum(map(bool, self.weights)) == 1 and not always:
            return f"{place} every {self.subject(problem)} is a multiple of {m}; {total:,} is not."
        return (
            f"{place} every {self.subject(problem)} leaves the remainder {always:,} when it is "
            f"divided by {m}; the original's leaves {wanted:,}."
        )


LABELS: Final = {"params": "parameter count", "macs": "MAC count", "flops": "FLOP count"}


def congruences(monomials: Monomials) -> Iterator[Congruence]:
    """The congruences modulo prime powers, of each equality and of combinations of two."""
    factors, size = monomials.factors.astype(np.int64), len(monomials.targets)
    for modulus in MODULI:
        rests = factors % modulus
        weights = [tuple(int(i == k) for i in range(size)) for k in range(size)]
        if size == 2:
            weights += [(times, 1) for times in _cancelling(rests, modulus)]
        for weight in weights:
            left = rests @ np.array(weight, np.int64) % modulus
            stays = left != 0
            remainder = int(np.array(weight, object) @ monomials.targets) % modulus
            yield Congruence(modulus, weight, remainder, monomials.places[stays], left[stays])


def unreachable(monomials: Monomials) -> Congruence | None:
    """The congruence that shows that the targets are no sum of multiples of the coefficients.

    Coefficient vectors and targets are points of a lattice in the plane (or on a line); the
    targets must be in the lattice that the vectors span.
    """
    targets = [int(target) for target in monomials.targets]
    for which, target in enumerate(targets):
        divisor = gcd(*map(int, monomials.factors[:, which])) if len(monomials.factors) else 0
        if target % divisor if divisor else target:
            weights = tuple(int(i == which) for i in range(len(targets)))
            return _without_monomials(divisor or abs(target) + 1, weights, target)
    if len(targets) < 2:
        return None
    first, shift, second = _triangle(monomials.factors)
    if not first or not second:
        return None
    common = gcd(shift, first)
    weights, modulus = (-shift // common, first // common), first // common * second
    value = weights[0] * targets[0] + weights[1] * targets[1]
    return _without_monomials(modulus, weights, value) if value % modulus else None


def index(monomials: Monomials) -> int:
    """One of how many whole numbers, or pairs of them, a sum of the monomials can be."""
    if not len(monomials.factors):
        return 1
    if monomials.factors.shape[1] == 1:
        return gcd(*map(int, monomials.factors[:, 0])) or 1
    first, _, second = _triangle(monomials.factors)
    return (first or 1) * (second or 1)


def _without_monomials(modulus: int, weights: tuple[int, ...], value: int) -> Congruence:
    weights = tuple(it % modulus for it in weights)
    nothing = np.zeros((0, 2), np.int64)
    return Congruence(modulus, weights, value % modulus, nothing, np.zeros(0, np.int64))


def _triangle(factors: NDArray[np.object_]) -> tuple[int, int, int]:
    """A basis ``(a, b), (0, c)`` of the lattice that pairs of whole numbers span."""
    (a, b), c = (0, 0), 0
    for pair in {(int(x), int(y)) for x, y in factors}:
        (x, y), (a, b) = (a, b), pair
        while a:
            times = x // a
            (x, y), (a, b) = (a, b), (x - times * a, y - times * b)
        c, (a, b) = gcd(c, b), (x, y)
        b = b % c if c else b
    return (a, b, c) if a >= 0 else (-a, -b, c)


def _cancelling(rests: Ints, modulus: int) -> list[int]:
    """How often to add the first equality to the second so that most monomials vanish."""
    pairs = Counter(map(tuple, rests.tolist()))
    times: Counter[int] = Counter()
    for (first, second), count in pairs.items():
        if gcd(first, modulus) == 1:
            times[-second * pow(first, -1, modulus) % modulus] += count
    times.pop(0, None)
    return [it for it, _ in times.most_common(MIXED)]


def _prime_powers() -> Iterator[int]:
    for prime in PRIMES:
        power = prime
        while power <= MOST:
            yield power
            power *= prime


MODULI: Final = tuple(_prime_powers())
