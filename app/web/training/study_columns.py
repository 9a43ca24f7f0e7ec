"""The tables of studies for spreadsheets; accuracies and gains are fractions."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Final, NamedTuple

from app.schemas.studies import Feasibility
from app.schemas.study_plans import DrawnCell, DrawnOriginal
from app.schemas.study_results import Estimate, StudyCell, StudyOriginal
from app.ui.studies.cells import ESTIMATES as NAMES
from app.ui.studies.cells import estimate_of
from app.web.tables import Columns
from app.web.training.intervals import high_of, low_of


class CellEstimate(NamedTuple):
    """What the variants of a study's cell gain, by one reading."""

    cell: StudyCell
    name: str
    found: Estimate


class Drawn(NamedTuple):
    """An original that was drawn for a cell."""

    cell: DrawnCell
    original: DrawnOriginal


def estimates_of(cell: StudyCell) -> Iterator[CellEstimate]:
    """Yield all estimates of a cell."""
    return (CellEstimate(cell, name, estimate_of(cell, name)) for name in NAMES)


def drawn_in(cell: DrawnCell) -> Iterator[Drawn]:
    """Yield the originals of a cell."""
    return (Drawn(cell, original) for original in cell.originals)


def _place(of: str = "") -> Columns[Any]:
    """Where a cell stands in its study."""
    names = ("approach", "resolution", "budget")
    return {name: attrgetter(f"{of}{name}") for name in names}


CELLS: Final[Columns[StudyCell]] = {
    **_place(),
    "is_primary": attrgetter("is_primary"),
    "originals": attrgetter("originals"),
    "test_accuracy": attrgetter("accuracy.mean"),
    "test_sd": attrgetter("accuracy.sd"),
    "mean_gain": attrgetter("mean_variant.gain"),
    "mean_gain_low": lambda it: low_of(it.mean_variant),
    "mean_gain_high": lambda it: high_of(it.mean_variant),
    "verdict": attrgetter("mean_variant.verdict"),
    "better": attrgetter("better.share"),
    "better_low": lambda it: low_of(it.better),
    "better_high": lambda it: high_of(it.better),
}
ESTIMATES: Final[Columns[CellEstimate]] = {
    **_place("cell."),
    "is_primary": attrgetter("cell.is_primary"),
    "estimate": attrgetter("name"),
    "gain": attrgetter("found.gain"),
    "low": lambda it: low_of(it.found),
    "high": lambda it: high_of(it.found),
    "p": attrgetter("found.p"),
    "p_adjusted": attrgetter("found.p_adjusted"),
    "originals": attrgetter("found.n"),
    "verdict": attrgetter("found.verdict"),
    "needed": attrgetter("found.needed"),
}
NETWORKS: Final[Columns[StudyOriginal]] = {
    "member": attrgetter("member"),
    "architecture_id": attrgetter("architecture_id"),
    "resolution": attrgetter("resolution"),
    "test_accuracy": attrgetter("accuracy.mean"),
    "test_sd": attrgetter("accuracy.sd"),
    "validation_accuracy": attrgetter("validation_accuracy.mean"),
    "validation_sd": attrgetter("validation_accuracy.sd"),
    "seeds": attrgetter("accuracy.n"),
    "params": attrgetter("params"),
    "flops": attrgetter("flops"),
    "seconds": attrgetter("seconds"),
}
FEASIBILITY: Final[Columns[Feasibility]] = {
    **_place(),
    "tolerance_below": attrgetter("tolerance.below"),
    "tolerance_above": attrgetter("tolerance.above"),
    "originals": attrgetter("originals"),
    "with_variants": attrgetter("with_variants"),
    "with_any": attrgetter("with_any"),
    "unknown": attrgetter("unknown"),
}
DRAWN: Final[Columns[Drawn]] = {
    **_place("cell."),
    "member": attrgetter("original.member"),
    "architecture_id": attrgetter("original.architecture_id"),
    "found": attrgetter("original.found"),
    "variants": lambda it: len(it.original.variants),
    "same_resolution": lambda it: len(it.original.same_resolution),
}
