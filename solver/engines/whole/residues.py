"""What remainders of the counts say about exact equality, before any search.

A congruence holds for every solution: modulo ``m`` most products of widths vanish, because maps
have common factors, and what is left must agree with the target. Nothing left and a remainder:
there is no solution. One group left: only some of its widths remain.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import lcm
from typing import Final

import numpy as np

from solver.engines.whole.congruence import Congruence, Monomials, congruences, unreachable
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Ints

FEW: Final = 0.6
"""Largest share of the groups in a sum that a search has to satisfy."""
ROUNDS: Final = 4
"""How often forced widths are put in to force others."""
SHOWN: Final = 6
"""Forced widths are listed if they are at most as many."""


@dataclass(frozen=True, eq=False)
class Residues:
    """What congruences leave of a problem.

    Attributes
    ----------
    allowed
        The numbers of steps that remain, sorted, for each group that lost some.
    impossible
        Why there is no solution, as a sentence; ``None`` if congruences do not rule it out.
    facts
        Sentences on the widths that remain.
    sums
        Places of the groups in a congruence that is linear and has few groups, each with its
        modulus, the strongest first: a search has to satisfy them.
    """

    allowed: Mapping[int, Ints]
    impossible: str | None = None
    facts: tuple[str, ...] = ()
    sums: tuple[tuple[int, Ints], ...] = ()

    @classmethod
    def of(cls, problem: WholeProblem) -> "Residues":
        """Look at every prime power up to 4,096, of each count and of their combinations."""
        found = cls({})
        for _ in range(ROUNDS):
            before, found = found, _narrowed(found.box(problem), found)
            if found.impossible or found.facts == before.facts:
                break
        return found

    def box(self, problem: WholeProblem) -> WholeProblem:
        """The problem in the smallest box around the widths that remain."""
        low, high = problem.low.copy(), problem.high.copy()
        for place, steps in self.allowed.items():
            inside = steps[(steps >= low[place]) & (steps <= high[place])]
            low[place], high[place] = (inside[0], inside[-1]) if len(inside) else (1, 0)
        return replace(problem, low=low, high=high)


def _narrowed(problem: WholeProblem, known: Residues) -> Residues:
    """One look at every congruence, in the box that is left."""
    monomials = Monomials.of(problem)
    if (clash := unreachable(monomials)) is not None:
        return replace(known, impossible=clash.clash(problem))
    allowed, reasons = dict(known.allowed), defaultdict(list)
    sums: dict[tuple[int, ...], int] = {}
    for congruence in congruences(monomials):
        places = congruence.places.tolist()
        if not places and congruence.remainder:
            return replace(known, impossible=congruence.clash(problem))
        if len(places) == 1:
            (place,) = places
            steps = allowed.get(place, _span(problem, place))
            left = steps[congruence.holds(steps)]
            if len(left) < len(steps):
                allowed[place] = left
                reasons[place].append(congruence)
            if not len(left):
                return replace(known, impossible=_sentence(problem, place, left, reasons[place]))
        elif places and congruence.is_linear and len(places) <= FEW * len(problem.original):
            sums[tuple(places)] = congruence.modulus
    facts = [_sentence(problem, place, allowed[place], why) for place, why in reasons.items()]
    strongest = sorted(sums.items(), key=lambda it: -it[1])
    together = tuple((modulus, np.array(places)) for places, modulus in strongest)
    return Residues(allowed, None, (*known.facts, *facts), together)


def _span(problem: WholeProblem, place: int) -> Ints:
    return np.arange(problem.low[place], problem.high[place] + 1)


def _sentence(
    problem: WholeProblem, place: int, left: Ints, congruences: Sequence[Congruence]
) -> str:
    """What remains of a group's widths, and why."""
    name = problem.names[place]
    moduli: dict[str, int] = {}
    for it in congruences:
        subject = it.subject(problem)
        moduli[subject] = lcm(moduli.get(subject, 1), it.modulus)
    because = " and ".join(f"the {subject} modulo {m:,}" for subject, m in moduli.items())
    reason = f"at {problem.resolution:,} px nothing else changes {because}"
    widths = [f"{int(steps * problem.steps[place]):,}" for steps in left]
    if not widths:
        return f"No width of {name} within its limits fits: {reason}."
    if len(widths) > SHOWN:
        return f"Only {len(widths):,} widths of {name} fit: {reason}."
    return f"The width of {name} must be {_either(widths)}: {reason}."


def _either(texts: list[str]) -> str:
    return " or ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
