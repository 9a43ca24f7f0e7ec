"""Why approach V has no answer, in the network's numbers, and what would open one."""

import time
from collections.abc import Iterator
from typing import Final

from solver.answers.variants import Describer, Explanation, Variant
from solver.engines.whole.largest import highest_possible
from solver.engines.whole.posing import Posing
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.relaxation import Relaxation
from solver.engines.whole.residues import Residues
from solver.engines.whole.witness import witness
from solver.problem import Problem
from solver.variation.tolerance import Tolerance
from solver.variation.unknown import Range

SECONDS: Final = 1.5
"""Time for all questions of an explanation."""
TOLERANCES: Final = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
"""Tolerances that are tried, the smallest first."""
WIDTHS: Final = "widths"


def explain(problem: Problem, seconds: float = SECONDS) -> Explanation:
    """Explain why no widths satisfy a problem; what takes too long is left out.

    What is looked at is the lowest resolution that was asked for.
    """
    return _Explainer(problem, seconds).explanation()


class _Explainer:
    def __init__(self, problem: Problem, seconds: float) -> None:
        self._problem = problem
        self._posing = Posing(problem)
        self._ends = time.monotonic() + seconds
        self._lowest = self._posing.resolutions[0]
        self._posed = self._posing.at(self._lowest)

    def explanation(self) -> Explanation:
        """What blocks, why, and the answer with the smallest tolerance that was tried."""
        reasons, blocking = [], [f"equal {budget.name}" for budget in self._posed.budgets]
        nearest = None
        if (group := self._without_width()) is not None:
            blocking = [WIDTHS]
            reasons.append(self._no_width(group))
        elif self._posed.is_empty:
            blocking = ["ranges.resolution"]
            reasons.append(f"A layer does not fit its map at {self._lowest} px.")
        elif not Relaxation(self._posed).is_feasible:
            blocking.append(WIDTHS)
            reasons.append(self._out_of_reach())
            reasons += self._largest()
        else:
            reasons += self._remainders()
            nearest, sentence = self._nearest()
            reasons += sentence
        return Explanation(blocking=blocking, nearest=nearest, reasons=reasons)

    def _without_width(self) -> str | None:
        """A group that has no width within its bounds."""
        empty = self._posing.template.widths.items()
        return next((name for name, it in empty if it.in_steps.low > it.in_steps.high), None)

    def _no_width(self, group: str) -> str:
        low, high, step = self._posing.template.widths[group]
        return f"{group} has no width: no multiple of {step} lies between {low} and {high}."

    def _out_of_reach(self) -> str:
        """The sentence that the bounds of the widths leave no answer."""
        counts = " and ".join(f"{it.target:,} {it.name}" for it in self._posed.budgets)
        return f"At {self._lowest} px, no widths within their bounds give {counts} together."

    def _largest(self) -> Iterator[str]:
        """Yield up to which resolution there may be answers, if below the one asked for."""
        own = self._problem.architecture.resolution
        if own < self._lowest:
            highest = highest_possible(self._posing.at, Range(own, self._lowest))
            if highest is not None:
                yield f"With these widths, answers are possible up to {highest} px at most."

    def _remainders(self) -> Iterator[str]:
        """Yield what congruences say about equality to the last unit."""
        if self._posed.has_equality:
            found = Residues.of(self._posed)
            if found.impossible:
                yield _sentence(found.impossible)
            yield from map(_sentence, found.facts)

    def _nearest(self) -> tuple[Variant | None, list[str]]:
        """An answer within the smallest of some tolerances, and that tolerance in words."""
        for share in TOLERANCES:
            left = self._ends - time.monotonic()
            if left <= 0:
                break
            if share <= min(self._problem.tolerance.below, self._problem.tolerance.above):
                continue
            posing, posed = self._within(share)
            solved = witness(posed, left / 2)
            if solved.widths is not None:
                row = posing.row(self._lowest, solved.widths)
                variant = Describer(self._problem).variant(row)
                sentence = f"A tolerance of {share:g} leaves an answer; the nearest network has it."
                return variant, [sentence]
        return None, []

    def _within(self, share: float) -> tuple[Posing, WholeProblem]:
        band = Tolerance(below=share, above=share)
        question = self._problem.model_copy(update={"tolerance": band})
        posing = Posing(Problem.of(question, self._problem.architecture))
        return posing, posing.at(self._lowest)


def _sentence(text: str) -> str:
    """The text with a capital letter first and a full stop last."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
