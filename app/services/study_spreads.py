"""The spread of gains on a data set: measured by studies, else as it is shipped."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Final, Literal, TypeAlias

from app.errors import Fault, RefusedError
from app.experiments.spreads import KNOWN, Components, Reference
from app.schemas.study_results import StudyCell
from solver.problem import ApproachName, Budget

Planned: TypeAlias = Literal["true_minus_upsampled", "mean_variant"]
"""The estimates whose spread is known by its parts."""
REFERENCES: Final[dict[Planned, Reference]] = {
    "true_minus_upsampled": "upsampled",
    "mean_variant": "original",
}
"""What variants are compared with."""
FEWEST: Final = 6
"""A cell's spread is used from this many originals on."""


@dataclass(frozen=True)
class Spread:
    """The parts of a spread, and where they come from, in words."""

    components: Components
    source: str


@dataclass(frozen=True)
class Wanted:
    """Whose spread is looked for; ``None`` is any."""

    dataset: str
    contrast: Planned
    approach: ApproachName | None = None
    budget: Budget | None = None

    def takes(self, cell: StudyCell) -> bool:
        """Whether a cell of a study tells about it."""
        is_asked = self.approach in (None, cell.approach) and self.budget in (None, cell.budget)
        return is_asked and getattr(cell, self.contrast).n >= FEWEST


def find(cells: Iterable[StudyCell], wanted: Wanted) -> Spread:
    """Pool the spread of the cells that tell about it, or take the one that is shipped.

    Raises
    ------
    RefusedError
        It is not known.
    """
    measured = [
        found for cell in cells if wanted.takes(cell) for found in _measured(cell, wanted.contrast)
    ]
    if measured:
        originals = sum(n for _, n in measured)
        source = f"{originals} originals in {len(measured)} cells of recorded studies"
        return Spread(_pooled(measured), source)
    if wanted.dataset not in KNOWN:
        raise RefusedError(Fault("query/dataset", _unknown(wanted.dataset)))
    known = KNOWN[wanted.dataset]
    return Spread(known.components[REFERENCES[wanted.contrast]], known.source)


def _unknown(dataset: str) -> str:
    return (
        f"how much gains vary on {dataset} is not known: run a study of it first, with at least "
        f"{FEWEST} originals in a cell and two seeds; known are {', '.join(KNOWN)}"
    )


def _measured(cell: StudyCell, contrast: Planned) -> Iterable[tuple[Components, int]]:
    spread = cell.spread[contrast]
    values = [getattr(spread, part.name) for part in fields(Components)]
    if None not in values:
        yield Components(*values), getattr(cell, contrast).n


def _pooled(measured: Sequence[tuple[Components, int]]) -> Components:
    """Mean variances, each cell weighing as much as it has originals."""
    total = sum(n for _, n in measured)

    def mean(name: str) -> float:
        return math.sqrt(sum(getattr(parts, name) ** 2 * n for parts, n in measured) / total)

    return Components(**{part.name: mean(part.name) for part in fields(Components)})
