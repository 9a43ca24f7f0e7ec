"""Explanations, held against trying everything; and following what they say would do."""

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from solver.answers.search import solve
from solver.answers.variants import Describer, Explanation
from solver.explain import blocking
from solver.network.architecture import Architecture
from solver.problem import Problem, Settings
from tests import exhaustive
from tests.solver.factories import PATIENCE, asked_of, problem

KEPT = {
    "resolution": [9, 9],
    "kernel_size": [4, 4],
    "stride": [1, 1],
    "padding": [0, 0],
    "out_channels": [1, 100],
}
"""8 → 6 → 3 pixels become 9 → 6 → 3."""
ALONE: Final = re.compile(r"(\w+) \S+ leaves no solution.*; (\S+) would leave one")
STAYS: Final = re.compile(r".*; (kernel_grows) (false) would leave one")
TOGETHER: Final = re.compile(r"(?:Together, )?(.+) would leave one, with N' = ")


def ways_out(found: Explanation) -> Iterator[dict[str, str]]:
    """Yield each way out that an explanation offers: what to ask for instead."""
    if found.tolerance is not None:
        yield {"tolerance": str(found.tolerance)}
    for reason in found.reasons:
        if told := ALONE.match(reason) or STAYS.match(reason):
            yield {told[1]: told[2]}
        elif told := TOGETHER.match(reason):
            yield dict(part.split() for part in re.split(r", | and ", told[1]))


def changed(asked: Problem, change: dict[str, str]) -> Problem:
    """The problem as it is once a change is made."""
    data: dict[str, Any] = asked.model_dump()
    for name, value in change.items():
        if ".." in value:
            data["ranges"][name] = [int(bound) for bound in value.split("..")]
        else:
            data[name] = False if value == "false" else float(value)
    return Problem.model_validate(data)


def is_another(asked: Problem, assignment: dict[str, int]) -> bool:
    """Whether a network is not the original itself."""
    variant = Describer(asked).architecture(assignment)
    return (variant.input, variant.layers) != (asked.architecture.input, asked.architecture.layers)


def assert_followed(asked: Problem, found: Explanation) -> int:
    """Every way out leads to variants, and none of them is the original; how many ways there are.

    Nothing leads to the original's resolution, or below it, that was not asked for.
    """
    original, resolutions = asked.architecture, asked.bounds.resolution
    assert resolutions is not None
    least = min(original.resolution + 1, resolutions.low)
    ways = list(ways_out(found))
    for change in ways:
        answer = solve(changed(asked, change), Settings(limit=1_000_000))
        assert answer.outcome == "complete", change
        assert min(row[0] for row in answer.rows) >= least, change
        assert len(answer.rows) > 1 or is_another(asked, answer.assignments()[0]), change
    return len(ways)


def explained(original: Architecture, **asked: Any) -> Explanation:
    answer = solve(problem(original, **asked), Settings())
    assert answer.outcome == "infeasible"
    assert (answer.found, answer.rows) == (0, [])
    assert answer.explanation is not None
    return answer.explanation


def assert_nearest(asked: exhaustive.Asked) -> None:
    """The nearest networks and the smallest tolerance are those that trying everything finds."""
    found = blocking.explain(asked_of(asked), PATIENCE)
    targets = exhaustive.sides_of_the_budget(asked)
    for direction, variant in (
        ("either", found.nearest),
        ("below", found.below),
        ("above", found.above),
    ):
        least = exhaustive.least_deviation(asked, direction)
        if variant is None:
            assert least is None
            continue
        counts = exhaustive.sides_of_the_budget(asked, tuple(variant.assignment.values()))
        assert exhaustive.lies(direction, targets, counts)
        assert exhaustive.deviation(targets, counts) == least
    assert_smallest(found.tolerance, exhaustive.least_tolerance(asked))


def assert_smallest(tolerance: float | None, least: Fraction | None) -> None:
    """It is the least share with a solution, rounded up in its last decimal place."""
    if tolerance is None:
        assert least is None or least > 1
        return
    assert least is not None
    written = Decimal(repr(tolerance))
    assert Fraction(one_less(written)) < least <= Fraction(written) or tolerance == least == 0


def one_less(written: Decimal) -> Decimal:
    """One unit less in the last decimal place."""
    return written - Decimal(1).scaleb(int(written.as_tuple().exponent))
