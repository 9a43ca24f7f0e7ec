"""Answers of one problem besides the best: found around it, ranked, or drawn to differ."""

import time
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from solver.engines.whole.centre import centres
from solver.engines.whole.closest import SLACK
from solver.engines.whole.exact import SMALL, ExactSearch
from solver.engines.whole.model import solve_in_box
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Floats, Ints
from solver.engines.whole.relaxation import Relaxation
from solver.engines.whole.witness import amid_bands, roundings

SPREADS: Final = (0.01, 0.03, 0.1)
"""Standard deviations of the log ratios by which starts differ from the centre, in turn."""
TRIES: Final = 16
"""Points that are rounded for each answer that is wanted: a small problem may have fewer."""
MOST_SPREAD: Final = 2_000
"""Largest pool from which answers are drawn one by one to differ."""

Value = Callable[[Ints], Floats]
"""What makes answers better the smaller it is, for widths of shape ``(rows, n)``."""


class Pool:
    """Distinct answers of a problem.

    Attributes
    ----------
    problem
        The problem.
    """

    def __init__(self, problem: WholeProblem) -> None:
        self.problem = problem
        self._known: dict[bytes, Ints] = {}

    @classmethod
    def near(cls, problem: WholeProblem, widths: Ints) -> "Pool":
        """A pool for answers that change little more than a known one."""
        pool = cls(problem.near(SLACK * float(problem.changes(widths))))
        pool._add(widths)
        return pool

    def __len__(self) -> int:
        return len(self._known)

    def _add(self, widths: Ints) -> None:
        self._known.setdefault(widths.tobytes(), widths)

    def add(self, rows: Ints) -> None:
        """Add known answers of the problem, shape ``(rows, n)``; those outside its box stay out."""
        for widths in rows[self.problem.accepted(rows)]:
            self._add(widths)

    def fill(self, most: int, seconds: float, seed: int) -> bool:
        """Add answers until there are ``most``, or time is up.

        Returns whether it is proved that there is none.
        """
        if self.problem.is_fixed:
            fixed: Ints = self.problem.low * self.problem.steps
            is_one = self.problem.accepts(fixed)
            if is_one:
                self._add(fixed)
            return not is_one
        if self.problem.is_empty or not Relaxation(self.problem).is_feasible:
            return True
        ends = time.monotonic() + seconds
        if self.problem.has_equality:
            search = ExactSearch(self.problem, seed)
            if search.residues.impossible or self._is_ruled_out(seconds / 2):
                return True
            found = search.stream(ends - time.monotonic())
        else:
            found = self._rounded(seconds, seed, TRIES * most)
        while len(self) < most and (widths := next(found, None)) is not None:
            self._add(widths)
        return False

    def _is_ruled_out(self, seconds: float) -> bool:
        """Whether CP-SAT proves that a small network has no answer; what it finds is added."""
        if len(self) or len(self.problem.names) > SMALL:
            return False
        solved = solve_in_box(self.problem, seconds=seconds)
        if solved.widths is not None:
            self._add(solved.widths)
        return solved.widths is None and solved.is_proved

    def _rounded(self, seconds: float, seed: int, tries: int) -> Iterator[Ints]:
        """Yield answers found by rounding points around the centre."""
        ends = time.monotonic() + seconds
        amid = amid_bands(self.problem)
        middle = next(centres(amid), None)
        if middle is None:
            return
        random = np.random.default_rng(seed)
        for number in range(tries):
            if time.monotonic() > ends:
                return
            spread = SPREADS[number % len(SPREADS)]
            start = middle * np.exp(random.normal(0, spread, len(middle)))
            yield from roundings(self.problem, start, tries=1)

    @property
    def _rows(self) -> Ints:
        rows = [*self._known.values()] or np.zeros((0, len(self.problem.names)))
        return np.array(rows, np.int64)

    def sorted(self, value: Value, first: Ints | None = None) -> Ints:
        """All answers, the best first; ``first`` comes before all that are no better."""
        rows = self._rows
        is_other = np.zeros(len(rows)) if first is None else (rows != first).any(axis=1)
        sums = (np.log(rows / self.problem.original) ** 2).sum(axis=1)
        return rows[np.lexsort([sums, is_other, value(rows)])]

    def spread(self, number: int) -> Ints:
        """Answers that differ: each is the farthest, in log ratios, from those taken before."""
        rows = self._rows
        if len(rows) <= number or len(rows) > MOST_SPREAD:
            return rows[:number]
        points = np.log(rows / self.problem.original)
        taken = [0]
        distance = np.full(len(rows), np.inf)
        while len(taken) < number:
            distance = np.minimum(distance, ((points - points[taken[-1]]) ** 2).sum(axis=1))
            taken.append(int(distance.argmax()))
        return rows[taken]
