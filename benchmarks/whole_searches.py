"""Other searches for widths that keep both budgets, and what they miss."""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
from scipy.optimize import differential_evolution

from solver.engines.whole.model import solve_in_box
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Floats, Ints
from solver.variation.unknown import Range

HAS_OPTUNA: Final = find_spec("optuna") is not None
if HAS_OPTUNA:
    import optuna  # loaded before the clock runs

ROWS: Final = 2_000
"""Widths that are drawn at a time."""
MULTIPLIERS: Final = np.linspace(0.5, 1.2, 2_801)


class TimeUpError(Exception):
    """A search has had its time."""


class Judge:
    """The problem as other searches see it: a function of the widths, until their time is up.

    Attributes
    ----------
    problem
        The problem, with exact counts.
    misses
        What the best widths so far miss: parameters, and MACs; ``None`` before the first.
    """

    def __init__(self, problem: WholeProblem, seconds: float) -> None:
        self.problem = problem
        self.misses: tuple[int, int] | None = None
        self._least = np.inf
        self._ends = time.process_time() + seconds

    @property
    def left(self) -> float:
        """Processor seconds that are left."""
        return self._ends - time.process_time()

    def __call__(self, steps: Ints) -> Floats:
        """The relative gaps, shape ``(rows, 2)``, of widths in steps, shape ``(rows, n)``.

        Raises
        ------
        TimeUpError
            Their time is up.
        """
        if self.left <= 0:
            raise TimeUpError
        widths = steps * self.problem.steps
        misses = np.stack([np.abs(it.count(widths) - it.target) for it in self.problem.budgets])
        targets = np.array([it.target for it in self.problem.budgets])
        gaps: Floats = misses.T / targets
        best = int(gaps.max(axis=1).argmin())
        if gaps[best].max() < self._least:
            self._least = float(gaps[best].max())
            params, macs = misses[:, best].tolist()
            self.misses = (params, macs)
        return gaps


def random(judge: Judge) -> None:
    """Draw log-uniformly."""
    draw = np.random.default_rng(0)
    low, high = np.log(judge.problem.low), np.log(judge.problem.high)
    while True:
        steps = np.rint(np.exp(draw.uniform(low, high, (ROWS, len(low)))))
        judge(steps.astype(np.int64))


def evolution(judge: Judge) -> None:
    """Evolve a population by differences of its members, as SciPy does by default."""
    low, high = judge.problem.low, judge.problem.high

    def worse_gaps(columns: Floats) -> Floats:
        steps = np.rint(columns.T).astype(np.int64).clip(low, high)
        return judge(steps).max(axis=1)  # type: ignore[no-any-return]

    differential_evolution(
        worse_gaps,
        list(zip(low - 0.49, high + 0.49, strict=True)),
        rng=0,
        maxiter=10**9,
        tol=0,
        polish=False,
        vectorized=True,
        updating="deferred",
    )


def tpe(judge: Judge) -> None:
    """Tree-structured Parzen estimators on the larger gap."""
    _optimize(judge, optuna.samplers.TPESampler(seed=0), lambda gaps: gaps.max())


def nsga2(judge: Judge) -> None:
    """NSGA-II on both gaps."""
    _optimize(judge, optuna.samplers.NSGAIISampler(seed=0), lambda gaps: gaps.tolist())


def _optimize(judge: Judge, sampler: Any, value: Callable[[Floats], Any]) -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    is_multiple = isinstance(sampler, optuna.samplers.NSGAIISampler)
    study = optuna.create_study(sampler=sampler, directions=["minimize"] * (1 + is_multiple))
    ends = [*zip(judge.problem.low.tolist(), judge.problem.high.tolist(), strict=True)]
    while True:
        trial = study.ask()
        steps = [trial.suggest_int(f"{i}", *it, log=True) for i, it in enumerate(ends)]
        study.tell(trial, value(judge(np.array([steps]))[0]))


def compound(judge: Judge) -> None:
    """Scale all widths by one multiplier."""
    problem = judge.problem
    steps = np.rint(MULTIPLIERS[:, None] * problem.original / problem.steps)
    judge(steps.astype(np.int64).clip(problem.low, problem.high))


def cpsat(judge: Judge) -> None:
    """Have CP-SAT find widths within ever smaller tolerances, or rule tolerances out."""
    reached, ruled_out = 0.1, 0.0
    while judge.left > 0 and reached > ruled_out:
        tolerance = max(reached / 10, math.sqrt(reached * ruled_out))
        found = solve_in_box(_within(judge.problem, tolerance), seconds=judge.left)
        if found.widths is not None:
            reached = float(judge(found.widths[None] // judge.problem.steps).max())
        elif found.is_proved:
            ruled_out = tolerance


def _within(problem: WholeProblem, tolerance: float) -> WholeProblem:
    """The problem with both budgets within a tolerance."""
    rooms = [int(tolerance * it.target) for it in problem.budgets]
    bands = [
        Range(it.target - room, it.target + room)
        for it, room in zip(problem.budgets, rooms, strict=True)
    ]
    budgets = [replace(it, band=band) for it, band in zip(problem.budgets, bands, strict=True)]
    return replace(problem, budgets=budgets)


RIVALS: Final[Mapping[str, Callable[[Judge], None]]] = {
    "random": random,
    "evolution": evolution,
    **({"tpe": tpe, "nsga2": nsga2} if HAS_OPTUNA else {}),
    "compound": compound,
    "cpsat": cpsat,
}


def missed(rival: Callable[[Judge], None], problem: WholeProblem, seconds: float) -> Judge:
    """Let a rival search for some seconds."""
    judge = Judge(problem, seconds)
    with suppress(TimeUpError):
        rival(judge)
    return judge
