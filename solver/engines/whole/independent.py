"""Independent groups: no two of them are multiplied, and none with itself.

Once the other groups have widths, the counts are linear in these.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Floats, Ints

LARGEST: Final = 24
"""Most groups in an independent set: more make lattices slower, not better."""
DRAWN: Final = 4
"""Sets of which the roomiest is taken: each group that is missing costs answers."""


def independent(
    problem: WholeProblem,
    random: np.random.Generator,
    noise: float,
    sums: Sequence[tuple[int, Ints]] = (),
    *,
    room: Floats | None = None,
    drawn: int = DRAWN,
) -> Ints:
    """A random independent set with much room, in order of places.

    Groups with much room and few neighbours come first; ``noise`` is the chance in their order.
    Three times of four, some groups of the strongest sum are taken before: without them, few
    roundings satisfy its congruence.

    Parameters
    ----------
    room
        Binary logarithm of how many widths each group may have, shape ``(n,)``; by default of all
        in the box.
    drawn
        Of how many sets the roomiest is taken.
    """
    if room is None:
        room = np.log2((problem.high - problem.low + 1).clip(1))
    score = room / (1 + problem.neighbours.sum(axis=1))
    first: list[int] = []
    if sums and random.random() < 0.75:
        first = random.permutation(sums[0][1])[: random.integers(2, 6)].tolist()
    sets = []
    for _ in range(drawn):
        order = np.argsort(-score * np.exp(random.normal(0, noise, len(room)))).tolist()
        sets.append(_taken(problem, [*first, *order], room))
    roomiest = max(sets, key=lambda places: room[places].sum())
    return _thinned(roomiest, np.array(first, np.int64), room, random)


def _taken(problem: WholeProblem, order: Sequence[int], room: Floats) -> Ints:
    """The places that are taken if each is whose neighbours are not."""
    neighbours = problem.neighbours
    is_taken, is_blocked = np.zeros(len(room), bool), np.diag(neighbours) | (room <= 0)
    for place in order:
        if not is_blocked[place]:
            is_taken[place] = True
            is_blocked |= neighbours[place]
            is_blocked[place] = True
    return np.flatnonzero(is_taken)


def _thinned(taken: Ints, kept: Ints, room: Floats, random: np.random.Generator) -> Ints:
    """At most :data:`LARGEST` of the places, with the kept ones and others by chance."""
    if len(taken) <= LARGEST:
        return taken
    first = np.intersect1d(taken, kept)
    rest = np.setdiff1d(taken, kept)
    chances = room[rest] / room[rest].sum()
    drawn = random.choice(rest, LARGEST - len(first), replace=False, p=chances)
    return np.sort(np.r_[first, drawn])
