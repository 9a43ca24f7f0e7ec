"""What bounds on the widths leave of the counts, where that is not enough."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import Final

from solver.engines.whole.problem import Budgeted, WholeProblem
from solver.engines.whole.relaxation import Relaxation
from solver.variation.unknown import Range

WORDS: Final = {"params": "parameters", "macs": "MACs", "flops": "FLOPs"}


def out_of_reach(problem: WholeProblem) -> Iterator[str]:
    """Yield why no widths within their limits have counts in the bands, from the bounds' corners.

    The problem is one that the relaxation rules out.
    """
    told = [*_memory(problem), *_corners(problem)]
    yield from told or _together(problem)


def _memory(problem: WholeProblem) -> Iterator[str]:
    """Yield how many elements the least widths keep alive, if these are too many (Eq. 23)."""
    least = problem.low * problem.steps
    alive = max((it.form(least) for it in problem.linear_bounds), default=0)
    most = min((it.most for it in problem.linear_bounds), default=0)
    if alive > most:
        yield (
            f"Even with every width at its least, {alive:,} elements are alive at once at "
            f"{problem.resolution:,} px; max_activation_bytes allows {most:,}."
        )


def _corners(problem: WholeProblem) -> Iterator[str]:
    """Yield the counts at the ends of all widths, if a band lies beyond them."""
    for budget in problem.budgets:
        least, most = (int(budget.count(it * problem.steps)) for it in (problem.low, problem.high))
        if least > budget.band.high:
            yield _corner(problem, budget, "least", least, f"at most {budget.band.high:,}")
        if most < budget.band.low:
            yield _corner(problem, budget, "largest", most, f"at least {budget.band.low:,}")


def _corner(problem: WholeProblem, budget: Budgeted, end: str, count: int, wanted: str) -> str:
    every = "With all widths fixed" if problem.is_fixed else f"Even with every width at its {end}"
    return (
        f"{every}, the {WORDS[budget.name]} at {problem.resolution:,} px are {count:,}; "
        f"{wanted} pass, and the original's are {budget.target:,}."
    )


def _together(problem: WholeProblem) -> Iterator[str]:
    """Yield how much of one count the other needs."""
    for upper, lower in permutations(problem.budgets, 2):
        least = _least(problem, upper, lower)
        if least is not None and least > upper.band.high:
            yield (
                f"At {problem.resolution:,} px, widths within their limits with "
                f"{lower.band.low:,} {WORDS[lower.name]} or more have at least {least:,} "
                f"{WORDS[upper.name]}; at most {upper.band.high:,} pass."
            )


def _least(problem: WholeProblem, upper: Budgeted, lower: Budgeted) -> int | None:
    """A lower bound on one count where the other is not below its band, by the relaxation."""
    high = int(upper.count(problem.high * problem.steps))
    least_of_lower = replace(lower, band=Range(lower.band.low, lower.target + 2**62))

    def may(most: int) -> bool:
        budgets = [replace(upper, band=Range(0, most)), least_of_lower]
        return Relaxation(replace(problem, budgets=budgets)).is_feasible

    return bisect_left(range(high), True, key=may) if may(high) else None
