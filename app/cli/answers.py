"""What a search found, as ``isobudget solve`` and the demo show it."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from app.cli.console import ExitCode, out
from app.cli.tables import neighbours_table
from solver.answers.variants import (
    Answer,
    Describer,
    Explanation,
    Outcome,
    Variant,
    is_at_least,
)
from solver.problem import Find, SolveRequest

FIRST: Final = 20
MEANING: Final[Mapping[Outcome, str]] = {
    "complete": "every solution is there",
    "truncated": "there are more than are answered",
    "infeasible": "no network satisfies all requirements",
    "timed_out": "time ran out, so that there may be more",
}
CODES: Final[Mapping[Outcome, ExitCode]] = {
    "complete": ExitCode.DONE,
    "truncated": ExitCode.DONE,
    "infeasible": ExitCode.INFEASIBLE,
    "timed_out": ExitCode.TIMED_OUT,
}
"""The exit code of a command, by the outcome of its search."""


def variants_of(request: SolveRequest, answer: Answer) -> Iterator[Variant]:
    """Derive the variants one by one: there may be a million."""
    describer = Describer(request.problem)
    for row in answer.table.rows(answer.symbols):
        yield describer.variant(dict(zip(answer.symbols, row, strict=True)))


def print_json(request: SolveRequest, answer: Answer) -> None:
    """Print the answer of ``GET /v1/searches/{id}`` with all its variants, one a line."""
    head = json.dumps(_head(request, answer), ensure_ascii=False)
    sys.stdout.write(head.removesuffix("}") + ', "variants": [')
    for number, variant in enumerate(variants_of(request, answer)):
        sys.stdout.write((",\n" if number else "\n") + variant.model_dump_json())
    sys.stdout.write("]}\n")
    sys.stdout.flush()


def _head(request: SolveRequest, answer: Answer) -> dict[str, Any]:
    """All fields but the variants; those that only a stored search has are ``None``."""
    from app.schemas.searches import Original  # only JSON needs what the API answers

    network = request.problem.architecture
    original = Original(
        id=network.id,
        resolution=network.resolution,
        counts=Describer(request.problem).counts(network),
    )
    return {
        "id": None,
        "state": "succeeded",
        "created_at": None,
        "finished_at": None,
        "request": request.filled().model_dump(mode="json"),
        "original": original.model_dump(mode="json"),
        **answer.model_dump(mode="json", exclude={"symbols"}),
        "error": None,
        "next": None,
    }


def print_outcome(outcome: Outcome, found: int, find: Find = "all") -> None:
    """Say how a search ended, and what that means."""
    is_chosen = find != "all" and outcome in ("complete", "truncated")
    meaning = "those asked for are shown" if is_chosen else MEANING[outcome]
    number = number_of_variants(found)
    if outcome == "timed_out":
        number = f"{number} found" if found else "none found, none ruled out"
    elif is_at_least(outcome, found, find):
        number = f"at least {number}"
    out.print(outcome, style="bold green" if outcome == "complete" else "bold yellow", end="")
    out.print(f": {number}; {meaning}", soft_wrap=True)


def number_of_variants(found: int) -> str:
    """The number of variants with its noun, as in ``1,234 variants``."""
    return "1 variant" if found == 1 else f"{found:,} variants"


def print_explanation(explanation: Explanation | None) -> None:
    """Say what stands in the way of a solution, what comes nearest, and what would open one."""
    if explanation is None:
        return
    print_blocking(explanation)
    if explanation.tolerance is not None:
        out.print(f"--tolerance {explanation.tolerance} would open one")


def print_blocking(explanation: Explanation) -> None:
    """Say what stands in the way of a solution, and what comes nearest."""
    print_reasons(explanation)
    if near := neighbours(explanation):
        out.print(neighbours_table(near, nearest_title(near)))


def print_reasons(explanation: Explanation) -> None:
    """Say what stands in the way of a solution."""
    out.print(f"blocking: {', '.join(explanation.blocking) or 'not known'}", soft_wrap=True)
    for reason in explanation.reasons:
        out.print(f"- {reason}", soft_wrap=True)


def nearest_title(near: Sequence[tuple[str, Variant]]) -> str:
    """The title of a table of the networks that come nearest."""
    return "the nearest networks" if len(near) > 1 else "the nearest network"


def neighbours(explanation: Explanation) -> list[tuple[str, Variant]]:
    """The nearest networks, each once: nearest of all, nearest below and nearest above."""
    nearest = explanation.nearest
    sides = (("below", explanation.below), ("above", explanation.above))
    found = [
        (f"nearest, {side}" if variant == nearest else side, variant)
        for side, variant in sides
        if variant
    ]
    if nearest and nearest not in (explanation.below, explanation.above):
        found.append(("nearest", nearest))
    return found
