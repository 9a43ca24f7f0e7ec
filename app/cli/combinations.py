"""The combinations of approach, budget and tolerance that ``isobudget feasible`` asks about."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, Final, get_args

from pydantic import ValidationError

from app.cli.options import request_in
from solver.approaches import APPROACHES
from solver.network.architecture import Architecture
from solver.problem import Budget

Given = Sequence[str | None] | None
BUDGETS: Final = get_args(Budget)
COUNTED: Final = [name for name, approach in APPROACHES.items() if not approach.is_whole]
"""The approaches whose solutions can be counted."""


def combinations(
    content: Any, approaches: Given, budgets: Given, tolerances: Given
) -> Iterator[tuple[str | None, ...]]:
    """The combinations to ask of each original; ``None`` leaves a value to the file."""
    given = request_in(content)
    left_to_the_file: Sequence[str | None] = (None,)
    if not approaches:
        fit = applicable(given.get("architecture"))
        approaches = left_to_the_file if "approach" in given else fit
    if not budgets:
        budgets = left_to_the_file if "budget" in given else BUDGETS
    return product(approaches, budgets, tolerances or left_to_the_file)


def applicable(architecture: Any, among: Sequence[str] = COUNTED) -> Sequence[str]:
    """The approaches that fit an architecture; all of them if it is invalid, or none fits."""
    try:
        network = Architecture.model_validate(architecture)
    except ValidationError:
        return among
    return [it for it in among if APPROACHES[it].misfit(network) is None] or among
