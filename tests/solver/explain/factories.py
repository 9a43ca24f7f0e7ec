"""Following what explanations say would leave a solution."""

import re
from collections.abc import Iterator
from typing import Any, Final

from solver.answers.search import solve
from solver.answers.variants import Describer, Explanation
from solver.problem import Problem, Settings

ALONE: Final = re.compile(r"(\w+) \S+ leaves no solution.*; (\S+) would leave one")
TOGETHER: Final = re.compile(r"(?:Together, )?(.+) would leave one, with N' = ")


def ways_out(found: Explanation) -> Iterator[dict[str, str]]:
    """Yield each way out that an explanation offers: what to ask for instead."""
    if found.tolerance is not None:
        yield {"tolerance": str(found.tolerance)}
    for reason in found.reasons:
        if told := ALONE.match(reason):
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
            data[name] = float(value)
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
    least = min(original.input.resolution + 1, resolutions.low)
    ways = list(ways_out(found))
    for change in ways:
        answer = solve(changed(asked, change), Settings(limit=1_000_000))
        assert answer.outcome == "complete", change
        assert min(row[0] for row in answer.rows) >= least, change
        assert len(answer.rows) > 1 or is_another(asked, answer.assignments()[0]), change
    return len(ways)
