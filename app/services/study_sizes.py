"""How large a study may be."""

from collections.abc import Iterator
from typing import Final

from app.errors import Fault
from app.schemas.study_terms import StudyTerms
from app.services.planner.cells import cells_of, grid_of, has_controls

MOST_RUNS: Final = 20_000
"""The largest number of runs of a study."""
MOST_MEMBERS: Final = 100_000
"""The largest number of networks in the grids of all cells."""


def size_faults(terms: StudyTerms) -> Iterator[Fault]:
    """Yield what makes a study too large."""
    size = grid_of(terms, terms.resolutions[0]).size
    cells = list(cells_of(terms))
    networks = size * (len(cells) or len(terms.resolutions))
    if networks > MOST_MEMBERS:
        yield Fault(
            "#/grid",
            f"{networks:,} networks over all cells exceed the {MOST_MEMBERS:,} that a study may "
            "have; give fewer values",
        )
        return
    originals = size if terms.originals == "all" else min(size, terms.originals)
    runs = originals * sum(_runs_of_an_original(terms))
    if runs > MOST_RUNS:
        yield Fault(
            "#/originals",
            f"up to {runs:,} runs exceed the {MOST_RUNS:,} that a study may have; ask for fewer "
            "originals, variants or seeds",
        )


def _runs_of_an_original(terms: StudyTerms) -> Iterator[int]:
    """Yield the runs of one original in each cell, or at each resolution without cells."""
    cells = list(cells_of(terms))
    for cell in cells:
        arms = 1 + len(terms.controls) * has_controls(terms, cell)
        yield terms.seeds * (1 + arms * terms.variants)
    if not cells:
        yield terms.seeds * len(terms.resolutions)
