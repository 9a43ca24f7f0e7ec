"""Linear systems in which unknowns with equal coefficients are one.

Blocks of one stage often have the same coefficients. Only the sum of such unknowns matters, so one
unknown stands for all of them: the lattice has fewer dimensions, and none of them is trivial.
"""

from dataclasses import dataclass
from math import e, pi
from typing import Final

import numpy as np

from solver.engines.whole.density import Tilted
from solver.engines.whole.lattice import heights, nearest, whole_solutions
from solver.engines.whole.quadratic import Floats, Ints
from solver.engines.whole.systems import index

TARGETS: Final = 64
"""Points of a lattice that are asked for at once, for each of its dimensions."""
BLUR: Final = 0.05
"""What is added to variances, so that unknowns which hardly vary still have a scale."""
TYPICAL: Final = float(np.sqrt(2 * pi * e))
"""As many values, one apart, have the entropy of a normal distribution of variance 1."""


class Merged:
    """A system whose ``u`` different columns stand for all ``k``.

    Attributes
    ----------
    matrix
        The different columns, shape ``(m, u)``.
    """

    def __init__(self, matrix: Ints) -> None:
        self.matrix, places = np.unique(matrix, axis=1, return_inverse=True)
        self._places = places.reshape(-1)

    def sums(self, values: Ints | Floats) -> Floats:
        """The sum over the unknowns of each column, shape ``(u,)``, of values ``(k,)``."""
        found = np.zeros(self.matrix.shape[1])
        np.add.at(found, self._places, values)
        return found

    def shared(self, totals: Ints, room: Ints) -> Ints:
        """Unknowns from 0 to ``room`` that have these sums, shape ``(rows, k)``.

        Each gets about the same share of its room, shape ``(k,)``. The sums, shape ``(rows, u)``,
        must not be larger than those of the room.
        """
        found = np.empty((len(totals), len(room)), np.int64)
        for column in range(self.matrix.shape[1]):
            members = np.flatnonzero(self._places == column)
            most = np.cumsum(room[members])
            given = totals[:, column, None] * most // max(most[-1], 1)
            found[:, members] = np.diff(given, axis=1, prepend=0)
        return found


def promises(matrix: Ints, found: Tilted) -> Floats:
    """Natural logarithms of about how many sums solve each system, shape ``(rows,)``.

    Solutions that differ only within the sums of unknowns with equal coefficients count once: there
    may be many of them, but all are there or none.

    Parameters
    ----------
    matrix
        The systems, shape ``(rows, m, k)``.
    found
        Their unknowns, tilted to the right sides.
    """
    same = (matrix[:, :, :, None] == matrix[:, :, None, :]).all(axis=1).astype(float)
    variances = (same @ found.variance[:, :, None])[:, :, 0]
    entropies = np.log(TYPICAL**2 * variances + 1) / 2
    total = (entropies / same.sum(axis=2)).sum(axis=1)
    result: Floats = total + found.probability(index(matrix))
    return result


@dataclass(frozen=True, eq=False)
class MergedLattice:
    """The whole solutions of a system, merged, and where typical ones are.

    Attributes
    ----------
    system
        The system.
    start
        A solution, of Python's whole numbers.
    basis
        A reduced basis of the differences.
    mean, scale
        Means and standard deviations of typical sums, shape ``(u,)``.
    """

    system: Merged
    start: Ints
    basis: Ints
    mean: Floats
    scale: Floats

    @classmethod
    def of(cls, matrix: Ints, gaps: Ints, mean: Floats, variance: Floats) -> "MergedLattice | None":
        """The solutions of ``matrix @ x == gaps``; ``None`` if there is none.

        ``mean`` and ``variance`` are those of typical unknowns, shape ``(k,)``.
        """
        system = Merged(matrix)
        scale = np.sqrt(system.sums(variance) + BLUR)
        solved = whole_solutions(system.matrix, gaps, scale)
        return None if solved is None else cls(system, *solved, system.sums(mean), scale)

    @property
    def chance(self) -> float:
        """About how likely some solution is near typical ones, from 0 to 1.

        Planes of the lattice that lie farther apart than typical solutions spread may all miss
        them.
        """
        return float(np.minimum(1, TYPICAL / heights(self.basis, self.scale)).prod())

    def points(self, room: Ints, random: np.random.Generator) -> Ints:
        """Solutions from 0 to ``room``, shape ``(rows, k)``, near random typical ones."""
        size = len(self.mean)
        rows = TARGETS * max(1, size - 1)
        spread = random.random((rows, 1)) * random.normal(0, 1, (rows, size))
        targets = self.mean + spread * self.scale
        targets[0] = self.mean
        totals = np.unique(nearest(self.basis, self.start, targets, self.scale), axis=0)
        is_inside = ((totals >= 0) & (totals <= self.system.sums(room))).all(axis=1)
        return self.system.shared(totals[is_inside], room)
