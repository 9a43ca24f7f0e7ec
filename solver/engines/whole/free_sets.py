"""Independent sets that a search leaves open, and how they did so far."""

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from solver.engines.whole.independent import independent
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Floats, Ints

NOISES: Final = (0.25, 1.0, 2.0, 4.0)
"""How much chance there is in the choice of new sets, one after another.

The roomiest sets are not always the best: where most of them change one count only, the few others
have to bring the other count to its target alone.
"""
BEST: Final = 4
"""How many sets are drawn from when one comes again."""
LIKELY: Final = 16
"""From how many roundings of a set others are made."""
CHANGED: Final = 2.0
"""In how many groups a rounding differs from the one that it is made from, on average."""
WORTH: Final = 0.2
"""What a chance of an answer is worth beside an answer: chances are estimated too high."""


@dataclass(eq=False)
class FreeSet:
    """An independent set, and what came of its lattices.

    Attributes
    ----------
    groups
        Places of the groups, sorted.
    promise
        The largest promise of a rounding so far, as a logarithm.
    """

    groups: Ints
    promise: float = -np.inf
    _lattices: int = 0
    _answered: int = 0
    _chances: float = 0.0
    _tried: set[bytes] = field(default_factory=set)
    _likely: list[tuple[float, Ints]] = field(default_factory=list)

    def like_likely(self, drawn: Ints, random: np.random.Generator) -> Ints:
        """The drawn roundings, shape ``(rows, n)``, half of them made like the likeliest so far.

        These differ from one of them in two groups on average.
        """
        if not self._likely:
            return drawn
        half = len(drawn) // 2
        likely = np.stack([steps for _, steps in self._likely])
        chosen = likely[random.integers(len(likely), size=half)]
        is_kept = random.random(chosen.shape) > CHANGED / chosen.shape[1]
        return np.concatenate([np.where(is_kept, chosen, drawn[:half]), drawn[half:]])

    def is_new(self, steps: Ints) -> bool:
        """Whether this rounding, shape ``(n,)``, is asked about for the first time."""
        key = steps.tobytes()
        is_new = key not in self._tried
        self._tried.add(key)
        return is_new

    def note(self, steps: Ints, chance: float, *, is_answered: bool) -> None:
        """Note what came of a rounding's lattice, and how likely an answer had been."""
        self._lattices += 1
        self._answered += is_answered
        self._chances += chance
        insort(self._likely, (chance, steps), key=lambda it: -it[0])
        del self._likely[LIKELY:]

    @property
    def value(self) -> float:
        """About how many answers a lattice gives."""
        return (self._answered + WORTH * self._chances) / (self._lattices + 0.5)


class FreeSets:
    """New sets and the best of those known, in turn."""

    def __init__(self, sums: Sequence[tuple[int, Ints]], random: np.random.Generator) -> None:
        self._sums, self._random = sums, random
        self._known: dict[bytes, FreeSet] = {}
        self._asked = 0

    def next(self, problem: WholeProblem, room: Floats) -> FreeSet:
        """A set for a box in which the groups have this room, a binary logarithm."""
        self._asked += 1
        if self._asked % 2 == 0:
            best = sorted(self._known.values(), key=lambda it: -it.value)[:BEST]
            return best[self._random.integers(len(best))]
        noise = NOISES[self._asked // 2 % len(NOISES)]
        found = independent(problem, self._random, noise, self._sums, room=room, drawn=1)
        return self._known.setdefault(found.tobytes(), FreeSet(found))
