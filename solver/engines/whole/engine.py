"""Approach V's engine: the strategy for each objective, and the answers that are shown.

At one resolution, budgets that must be equal to the last unit are for lattices; within a tolerance,
rounding and CP-SAT find answers. A relaxation bounds both.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from solver.engines.apart import apart, share_of
from solver.engines.progress import Tell
from solver.engines.whole import model, strategies
from solver.engines.whole.found import NO_ANSWER, Found
from solver.engines.whole.pool import Pool
from solver.engines.whole.posing import Posing
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Ints
from solver.problem import Best, Problem, Sample, Settings

MOST_DRAWN_FROM: Final = 8
"""A sample takes as many answers of a resolution as if it were drawn from so many at most."""
SPREAD: Final = 4
"""Answers that are looked for, for each that is drawn to differ; one alone is the first found."""
LAST_SHARE: Final = 4
"""The share of the time, one in so many, that is kept for answers after the first."""
MOST_LAST_SECONDS: Final = 2.0
MOST_CHECKED: Final = 32
"""Answers that CP-SAT looks at, some milliseconds each; all are recounted later."""


class WrongWidthsError(RuntimeError):
    """CP-SAT refuses an answer."""


class WholeAnswer(NamedTuple):
    """What was found.

    Attributes
    ----------
    rows
        The values of all unknowns in each answer, the best first.
    found
        How many answers were seen.
    is_proved
        Whether no answer is better than the first or, without rows, that there is none.
    bound
        No answer has a better value of the objective; ``None`` if no bound is known.
    """

    rows: Sequence[Mapping[str, int]]
    found: int = 0
    is_proved: bool = False
    bound: float | None = None


class Whole:
    """A problem of approach V, and what is to be answered."""

    def __init__(self, problem: Problem, settings: Settings) -> None:
        self._posing = Posing(problem)
        self._settings = settings
        self._ends = time.monotonic() + settings.time_limit

    def answer(self, tell: Tell) -> WholeAnswer:
        """The answers that are asked for, found within the time limit."""
        match self._settings.find:
            case Sample(sample=number, seed=seed):
                return self._sampled(min(number, self._settings.limit), seed)
            case Best(best="max_resolution") as wanted:
                return self._largest(wanted, tell)
            case Best() as wanted:
                return self._lowest(wanted, tell)
        raise ValueError(f"approach V cannot answer {self._settings.find}")

    @property
    def _left(self) -> float:
        """Seconds that are left."""
        return self._ends - time.monotonic()

    def _largest(self, wanted: Best, tell: Tell) -> WholeAnswer:
        """The highest resolution, then other answers at it."""
        found = strategies.largest(self._posing, self._main_seconds(wanted), tell)
        if found.widths is None or found.value is None:
            return WholeAnswer([], 0, found.is_proved, found.bound)
        return self._ranked(wanted, int(found.value), found)

    def _lowest(self, wanted: Best, tell: Tell) -> WholeAnswer:
        """The best at the lowest resolution that has an answer.

        Maps grow with the resolution, and with them what must be saved elsewhere, so the lowest
        resolution is where least changes.
        """
        resolutions = self._posing.resolutions
        is_all = len(resolutions) == 1
        seconds = self._main_seconds(wanted) / (1 if is_all else LAST_SHARE)
        are_ruled_out, found = True, NO_ANSWER
        for resolution in resolutions:
            found = NO_ANSWER
            posed = self._posing.at(resolution)
            if not posed.is_empty:
                live = self._posing.live(resolution)
                found = strategies.best(wanted.best, posed, live, min(seconds, self._left), tell)
            if found.widths is not None:
                return self._ranked(wanted, resolution, found, can_be_proved=is_all)
            are_ruled_out = are_ruled_out and found.is_proved
            if self._left <= 0 and resolution != resolutions[-1]:
                return WholeAnswer([])
        return WholeAnswer([], 0, are_ruled_out, found.bound if is_all else None)

    def _main_seconds(self, wanted: Best) -> float:
        """Seconds for the best answer; some are kept if others are asked for."""
        kept = min(self._left / LAST_SHARE, MOST_LAST_SECONDS) if wanted.top > 1 else 0.0
        return self._left - kept

    def _ranked(
        self, wanted: Best, resolution: int, found: Found, *, can_be_proved: bool = True
    ) -> WholeAnswer:
        """The best answer, and the best of others near it."""
        posed = self._posing.at(resolution)
        assert found.widths is not None
        top = min(wanted.top, self._settings.limit)
        pool = Pool.near(posed, found.widths)
        if top > 1:
            pool.fill(8 * top, min(self._left, MOST_LAST_SECONDS), seed=0)
        if len(pool) < top and found.others is not None:
            pool.add(found.others)
        least = float(posed.changes(found.widths))
        if wanted.best == "closest" and found.value is not None:
            least = found.value
        value = strategies.value_of(wanted.best, posed, self._posing.live(resolution), least)
        rows = pool.sorted(value, first=found.widths)
        distance = share_of(len(posed.names)) if wanted.diverse else 1
        taken = rows[apart(list(rows.T), distance, top)]
        self._check(posed, taken)
        is_proved = found.is_proved and can_be_proved
        return WholeAnswer(
            [self._posing.row(resolution, row) for row in taken], len(rows), is_proved, found.bound
        )

    def _sampled(self, number: int, seed: int) -> WholeAnswer:
        """Answers that differ, at resolutions that are drawn."""
        random = np.random.default_rng(seed)
        drawn = random.permutation(self._posing.resolutions).tolist()
        rows: list[Mapping[str, int]] = []
        seen, is_none = 0, True
        for place, resolution in enumerate(drawn):
            if len(rows) >= number or self._left <= 0:
                is_none = False
                break
            share = min(len(drawn) - place, MOST_DRAWN_FROM)
            posed = self._posing.at(resolution)
            pool = Pool(posed)
            wanted = -(-(number - len(rows)) // share)
            most = SPREAD * wanted if wanted > 1 else 1
            is_out = pool.fill(most, self._left / share, seed)
            taken = pool.spread(wanted)
            self._check(posed, taken)
            rows += [self._posing.row(resolution, row) for row in taken]
            seen += len(pool)
            is_none = is_none and is_out
        return WholeAnswer(rows, seen, is_proved=not rows and is_none)

    def _check(self, posed: WholeProblem, rows: Ints) -> None:
        """Have CP-SAT accept the first answers, with all equations posted.

        Raises
        ------
        WrongWidthsError
            It refuses one.
        """
        for widths in rows[:MOST_CHECKED]:
            if not model.accepts(posed, widths):
                raise WrongWidthsError(f"{posed.resolution} px: CP-SAT refuses {widths.tolist()}")
