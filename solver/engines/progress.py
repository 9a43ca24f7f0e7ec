"""How far a search is, as engines report it while they work."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias


class Progress(NamedTuple):
    """How far a search is.

    ``found`` is the number of solutions so far. Where the search has an objective, ``best`` is its
    value for the best solution so far, and no solution can be better than ``bound``.
    """

    found: int = 0
    best: float | None = None
    bound: float | None = None


Tell: TypeAlias = Callable[[Progress], None]
"""Called from time to time with how far a search is."""


def silent(_: Progress) -> None:
    """Tell nobody."""
