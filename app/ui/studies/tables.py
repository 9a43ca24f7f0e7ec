"""The rows of a study's tables, as text."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.schemas.results import Verdict
from app.schemas.studies import StudyView
from app.schemas.study_results import Estimate, StudyCell
from app.ui.sentences import percent, points
from app.ui.studies.cells import (
    ESTIMATES,
    Cost,
    cost_of_originals,
    cost_of_variants,
    estimate_of,
    place_of,
    share_in_words,
)
from app.ui.studies.sentences import PLACES, pp


@dataclass(frozen=True)
class Arm:
    """The cost of an arm, in words."""

    params: str
    flops: str
    seconds: str

    @classmethod
    def of(cls, cost: Cost) -> "Arm":
        """Write a cost out."""
        return cls(_count(cost.params), _count(cost.flops), seconds_in_words(cost.seconds))


@dataclass(frozen=True)
class EstimateRow:
    """One estimate of a cell."""

    name: str
    gain: str
    ci: str
    p: str
    p_adjusted: str
    n: int
    verdict: str
    needed: str


@dataclass(frozen=True)
class CellRow:
    """A cell: where it stands, what its arms cost, and all that was estimated."""

    place: str
    is_primary: bool
    originals: int
    accuracy: str
    better: str
    original: Arm
    variant: Arm
    estimates: tuple[EstimateRow, ...]

    @property
    def headline(self) -> EstimateRow:
        """The mean variant's row."""
        return self.estimates[0]


def cell_rows(study: StudyView) -> Iterator[CellRow]:
    """Yield the study's cells in its own order."""
    for cell in study.cells:
        yield CellRow(
            place=place_of(cell),
            is_primary=cell.is_primary,
            originals=cell.originals,
            accuracy=percent(cell.accuracy.mean, PLACES),
            better=share_in_words(cell.better),
            original=Arm.of(cost_of_originals(cell)),
            variant=Arm.of(cost_of_variants(cell)),
            estimates=tuple(_estimates(cell)),
        )


def _estimates(cell: StudyCell) -> Iterator[EstimateRow]:
    for name, label in ESTIMATES.items():
        found = estimate_of(cell, name)
        yield EstimateRow(
            name=label,
            gain=pp(found.gain),
            ci=interval_in_words(found),
            p=p_in_words(found.p),
            p_adjusted=p_in_words(found.p_adjusted),
            n=found.n,
            verdict=verdict_in_words(found.verdict),
            needed="" if found.needed is None else f"{found.needed:,}",
        )


def interval_in_words(found: Estimate) -> str:
    """``+0.20 to +2.80``: the 95 % interval in percentage points."""
    if found.ci is None:
        return "–"
    low, high = (points(bound, "", PLACES) for bound in found.ci)
    return f"{low} to {high}"


def p_in_words(p: float | None) -> str:
    """A p-value with two digits that count."""
    if p is None:
        return "–"
    return "< 0.0001" if p < 0.0001 else f"{p:.2g}"


def verdict_in_words(verdict: Verdict | None) -> str:
    """``not decided``: a verdict without its underscore."""
    return "–" if verdict is None else verdict.replace("_", " ")


def seconds_in_words(seconds: float | None) -> str:
    """``12.3 s``."""
    return "–" if seconds is None else f"{seconds:.1f} s"


def _count(number: float | None) -> str:
    return "–" if number is None else f"{number:,.0f}"


@dataclass(frozen=True)
class NetworkRow:
    """A trained network of a study without approaches."""

    member: int
    resolution: int
    accuracy: str
    cost: Arm


def network_rows(study: StudyView) -> Iterator[NetworkRow]:
    """Yield the networks that were trained for themselves."""
    for network in study.networks:
        accuracy = percent(network.accuracy.mean, PLACES)
        if network.accuracy.sd is not None:
            accuracy += f" ± {percent(network.accuracy.sd, PLACES)}"
        cost = Cost(network.params, network.flops, network.seconds)
        yield NetworkRow(network.member, network.resolution, accuracy, Arm.of(cost))
