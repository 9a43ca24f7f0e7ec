"""Exactly equal counts in small boxes, where most widths are near a side."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np

from solver.engines.whole.equations import Equations
from solver.engines.whole.free_sets import FreeSet, FreeSets
from solver.engines.whole.merged import MergedLattice, promises
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Floats, Ints
from solver.engines.whole.residues import Residues
from solver.engines.whole.systems import is_solvable, tilted_in
from solver.engines.whole.typical import TypicalWidths

ROWS: Final = 256
"""How many roundings are drawn at a time."""
MOST: Final = 4
"""Most roundings of one draw whose lattices are made, some milliseconds each."""
PLENTY: Final = 2.0
"""Roundings that promise so many solutions, as a logarithm, are as good as each other."""
LESS: Final = 3.0
"""By how much less than its set's most promising a rounding may promise, as a logarithm."""


class _Systems(NamedTuple):
    """Roundings of all groups but the free ones, and the linear systems that these must solve.

    Attributes
    ----------
    steps
        The roundings, shape ``(rows, n)``; free groups are at the low side of their box.
    matrix, gaps
        Coefficients of the ``k`` free groups in the ``m`` equations, shape ``(rows, m, k)``, and
        what is missing from the targets, shape ``(rows, m)``.
    """

    steps: Ints
    matrix: Ints
    gaps: Ints


class TightSearch:
    """A search for widths with exactly equal counts, in boxes with room for little change.

    Widths of all groups but an independent set are drawn as answers typically have them. The
    others then solve a linear system, as in :class:`~solver.engines.whole.exact.ExactSearch`;
    targets and lengths in its lattice are those of typical widths, too.
    """

    def __init__(
        self, problem: WholeProblem, residues: Residues, seed: int, clock: Callable[[], float]
    ) -> None:
        self._residues, self._clock = residues, clock
        self._equations = Equations.of(problem)
        self._random = np.random.default_rng(seed)
        self._sets = FreeSets(residues.sums, self._random)
        self._typical: dict[bytes, TypicalWidths | None] = {}

    def batches(self, box: WholeProblem, around: Floats, seconds: float) -> Iterator[Ints]:
        """Answers of one lattice after another, shape ``(rows, n)``, the closest first.

        Groups that congruences bind get typical widths or, as often, some near those ``around``.
        """
        deadline = self._clock() + seconds
        typical = self._typical_in(box)
        while typical is not None and self._clock() < deadline:
            problem = self._forced(box, around, typical)
            if problem is None:
                return
            amid = self._typical_in(problem)
            if amid is not None:
                yield from self._attempt(problem, amid)

    def _typical_in(self, box: WholeProblem) -> TypicalWidths | None:
        key = box.low.tobytes() + box.high.tobytes()
        if key not in self._typical:
            self._typical[key] = TypicalWidths.of(box)
        return self._typical[key]

    def _forced(
        self, box: WholeProblem, around: Floats, typical: TypicalWidths
    ) -> WholeProblem | None:
        """The box with one width for each group that congruences bind; ``None`` if none is left."""
        low, high = box.low.copy(), box.high.copy()
        for group, steps in self._residues.allowed.items():
            inside = steps[(steps >= low[group]) & (steps <= high[group])]
            if not len(inside):
                return None
            if self._random.random() < 0.5:
                chosen = typical.choose(group, inside, self._random)
            else:
                distances = np.abs(inside - around[group] / box.steps[group])
                rank = min(int(self._random.geometric(0.6)), len(inside)) - 1
                chosen = int(inside[np.argsort(distances)[rank]])
            low[group] = high[group] = chosen
        return box.within(low, high)

    def _attempt(self, problem: WholeProblem, typical: TypicalWidths) -> Iterator[Ints]:
        """One independent set and many roundings of the others."""
        free = self._sets.next(problem, typical.room)
        if len(free.groups) <= len(self._equations):
            return
        systems = self._systems(problem, free, typical)
        room = (problem.high - problem.low)[free.groups]
        found = tilted_in(systems.matrix, systems.gaps, np.zeros_like(room)[None], room[None])
        for row in self._worth(free, systems.steps, promises(systems.matrix, found)):
            steps, matrix, gaps = (it[row] for it in systems)
            mean = room / 2 + found.mean[row]
            lattice = MergedLattice.of(matrix, gaps, mean, found.variance[row])
            if lattice is None:
                continue
            points = lattice.points(room, self._random)
            rows = np.repeat(steps[None], len(points), axis=0)
            rows[:, free.groups] += points
            widths = rows * problem.steps
            widths = widths[problem.accepted(widths)]
            free.note(steps, lattice.chance, is_answered=len(widths) > 0)
            if len(widths):
                yield widths[np.argsort(problem.changes(widths), kind="stable")]

    def _systems(self, problem: WholeProblem, free: FreeSet, typical: TypicalWidths) -> _Systems:
        """Different roundings whose systems may have whole solutions."""
        steps = free.like_likely(typical.draw(ROWS, self._random), self._random)
        steps = steps.clip(problem.low, problem.high)
        steps[:, free.groups] = problem.low[free.groups]
        steps = np.unique(steps, axis=0)
        matrix = self._equations.slopes(steps)[:, :, free.groups]
        gaps = self._equations.gaps(steps)
        passes = is_solvable(matrix, gaps)
        return _Systems(steps[passes], matrix[passes], gaps[passes])

    def _worth(self, free: FreeSet, steps: Ints, promised: Floats) -> Iterator[int]:
        """The rows of new roundings that promise most, as far as that is not too little."""
        chosen, enough = 0, promised.clip(max=PLENTY)
        for row in np.lexsort((self._random.random(len(enough)), -enough)).tolist():
            free.promise = max(free.promise, float(promised[row]))
            if chosen == MOST or promised[row] < min(PLENTY, free.promise - LESS):
                return
            if free.is_new(steps[row]):
                chosen += 1
                yield row
