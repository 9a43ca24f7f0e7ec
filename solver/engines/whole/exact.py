"""Widths whose counts equal the original's to the last unit, by lattices.

Most widths are rounded near a real-valued centre. What is left is a linear system in independent
groups; its whole solutions are a lattice, and Babai's nearest plane finds those in the box.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count, repeat
from typing import Final

import numpy as np

from solver.engines.whole.centre import centre, centres
from solver.engines.whole.equations import Equations
from solver.engines.whole.independent import independent
from solver.engines.whole.lattice import nearest, whole_solutions
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Floats, Ints
from solver.engines.whole.residues import Residues
from solver.engines.whole.roundings import Rounding, rounded, solvable

NOISES: Final = (0.25, 1.0, 0.25, 2.0)
"""How much chance there is in the choice of independent groups, one attempt after another."""
SPREADS: Final = (0.0, 0.01, 0.03, 0.08)
"""How far roundings scatter around the centre, relative, two attempts each."""
ROWS: Final = (8, 64, 64, 64, 512)
"""How many roundings the first attempts draw; later ones draw as many as the last."""
MOST: Final = 4
"""Most roundings of one attempt whose lattices are made, some milliseconds each."""
LESS: Final = 2.5
"""By how much less than the most promising so far a rounding may promise, as a logarithm."""
PLENTY: Final = 7.0
"""A rounding that promises so many answers, as a logarithm, is tried in any case."""
PATIENCE: Final = 4
"""Attempts around one start without an answer, before the other is taken."""
SMALL: Final = 6
"""Networks with up to so many groups have few exact answers; CP-SAT finds and proves them."""
TARGETS: Final = 1_024
"""Most points of a lattice that are asked for at once."""


class ExactSearch:
    """A search for widths with exactly equal counts.

    It goes on for as long as it is asked to, and cannot prove that there are none: `Residues`
    and relaxations do. The same seed finds the same answers in the same order.

    Attributes
    ----------
    residues
        What congruences leave of the problem; if ``impossible`` is set, there is no answer.
    """

    def __init__(
        self,
        problem: WholeProblem,
        seed: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.problem = problem
        self.residues = Residues.of(problem)
        self._equations = Equations.of(problem)
        self._random = np.random.default_rng(seed)
        self._clock = clock
        self._centres: dict[bytes, Floats | None] = {}

    def find(self, seconds: float, within: WholeProblem | None = None) -> Ints | None:
        """The widths of the first answer, shape ``(n,)``.

        Of the answers of one lattice, it is the one with the smallest largest change.

        Parameters
        ----------
        seconds
            How long to try.
        within
            The same problem in a smaller box.
        """
        batch = next(self.batches(seconds, within), None)
        return None if batch is None else batch[0]

    def stream(self, seconds: float, within: WholeProblem | None = None) -> Iterator[Ints]:
        """Distinct answers, shape ``(n,)`` each, until the time is up."""
        seen: set[bytes] = set()
        for batch in self.batches(seconds, within):
            for widths in batch:
                if (key := widths.tobytes()) not in seen:
                    seen.add(key)
                    yield widths

    def batches(
        self,
        seconds: float,
        within: WholeProblem | None = None,
        around: Floats | None = None,
    ) -> Iterator[Ints]:
        """Answers of one lattice after another, shape ``(rows, n)``, the closest first.

        ``around`` are real-valued widths that meet the budgets. By default they are the centre
        near the original, and the box's centre as long as attempts around that one fail.
        """
        deadline = self._clock() + seconds
        problem = self.residues.box(within or self.problem)
        if self.residues.impossible or problem.is_empty:
            return
        bar, attempts = _Bar(), count()
        for start in centres(problem) if around is None else repeat(around):
            failed = 0
            while failed < PATIENCE:
                if self._clock() >= deadline:
                    return
                failed += 1
                for answers in self._attempt(problem, start, next(attempts), bar):
                    yield answers
                    failed = 0

    def _attempt(
        self, problem: WholeProblem, around: Floats, attempt: int, bar: "_Bar"
    ) -> Iterator[Ints]:
        """One independent set and many roundings of the others."""
        if self.residues.allowed:
            forced = self._forced(problem, around)
            if forced is None:
                return
            problem, around = forced
        noise = NOISES[attempt % len(NOISES)]
        spread = SPREADS[attempt // 2 % len(SPREADS)] if attempt > 1 else 0.0
        rows = ROWS[min(attempt, len(ROWS) - 1)]
        free = independent(problem, self._random, noise, self.residues.sums)
        if len(free) <= len(self._equations):
            return
        steps = rounded(problem, around, free, spread, rows, self._random)
        found = solvable(problem, self._equations, steps, free)
        for promise, rounding in found[: MOST if attempt else 1]:
            if not bar.lets_pass(promise):
                return
            answers = self._solutions(problem, rounding, free)
            if len(answers):
                yield answers

    def _forced(self, problem: WholeProblem, around: Floats) -> tuple[WholeProblem, Floats] | None:
        """Choose a width for each group that congruences bind, and centre the others anew."""
        low, high = problem.low.copy(), problem.high.copy()
        for place, steps in self.residues.allowed.items():
            steps = steps[(steps >= low[place]) & (steps <= high[place])]
            if not len(steps):
                return None
            changes = np.abs(np.log(steps * problem.steps[place] / around[place]))
            rank = min(int(self._random.geometric(0.6)), len(steps)) - 1
            low[place] = high[place] = steps[np.argsort(changes)[rank]]
        forced = replace(problem, low=low, high=high)
        key = forced.low.tobytes() + forced.high.tobytes()
        if key not in self._centres:
            self._centres[key] = centre(forced)
        found = self._centres[key]
        return None if found is None else (forced, found)

    def _solutions(self, problem: WholeProblem, rounding: Rounding, free: Ints) -> Ints:
        """Answers of a rounding: points of its lattice in the box, the closest first."""
        scale = rounding.steps[free].astype(float)
        lattice = whole_solutions(rounding.matrix, rounding.gaps, scale)
        if lattice is None:
            return np.zeros((0, len(rounding.steps)), np.int64)
        start, basis = lattice
        low, high = (problem.low - rounding.steps)[free], (problem.high - rounding.steps)[free]
        targets = self._targets(rounding.middle, low, high)
        points = nearest(basis, start, targets, scale)
        points = np.unique(points[((points >= low) & (points <= high)).all(axis=1)], axis=0)
        steps = np.repeat(rounding.steps[None], len(points), axis=0)
        steps[:, free] += points
        widths = steps * problem.steps
        widths = widths[problem.accepted(widths)]
        return widths[np.argsort(problem.changes(widths), kind="stable")]

    def _targets(self, middle: Floats, low: Ints, high: Ints) -> Floats:
        """The middle, and random points around it in the box."""
        rows = min(TARGETS, 128 * max(1, len(middle) - 4))
        reach = np.minimum(middle - low, high - middle).clip(0.5)
        spread = self._random.random((rows, 1)) * self._random.uniform(-1, 1, (rows, len(middle)))
        targets: Floats = middle + spread * reach
        targets[0] = middle
        return targets


class _Bar:
    """How promising roundings have to be, measured by those before."""

    def __init__(self) -> None:
        self._best = -np.inf

    def lets_pass(self, promise: float) -> bool:
        """Whether a rounding promises plenty, or not much less than the best so far."""
        self._best = max(self._best, promise)
        return promise >= min(PLENTY, self._best - LESS)
