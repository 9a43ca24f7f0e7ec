"""The cells of a study: what each original says, put together, and corrected across cells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.experiments.power import FEWEST_ORIGINALS
from app.schemas.study_plans import DrawnCell
from app.schemas.study_results import Estimate, StudyCell, StudyOriginal
from trainer.statistics.accuracies import accuracy
from trainer.statistics.contrasts import CHOSEN, CONTRASTS, OPTIMISTIC, Difference, Member
from trainer.statistics.estimates import (
    FEWEST_FOR_CHOSEN,
    Finding,
    family,
    find,
    optimistic,
    share,
)
from trainer.statistics.spread import GROUPS, spread
from trainer.statistics.study_networks import Network


@dataclass(frozen=True)
class CellData:
    """A cell with the networks that have runs.

    ``networks`` are all of its networks, as results show them; ``primary`` is the name of the
    study's primary contrast in its primary cell, and ``None`` elsewhere.
    """

    cell: DrawnCell
    members: Sequence[Member]
    networks: Sequence[StudyOriginal]
    primary: str | None

    def findings(self) -> dict[str, Finding]:
        """What is found in this cell alone, by the names of the contrasts."""
        return {
            name: find(
                self._differences(name),
                FEWEST_FOR_CHOSEN if name in CHOSEN else FEWEST_ORIGINALS,
            )
            for name in CONTRASTS
        }

    def _differences(self, name: str) -> list[Difference]:
        found = map(CONTRASTS[name], self.members)
        return [difference for difference in found if difference]


def cells(data: Sequence[CellData]) -> list[StudyCell]:
    """Estimate everything in each cell."""
    findings = [it.findings() for it in data]
    estimates: list[dict[str, Estimate]] = [{} for _ in data]
    for name in CONTRASTS:
        for place, estimate in _of_contrast(name, data, [found[name] for found in findings]):
            estimates[place][name] = estimate
    return [_cell(*parts) for parts in zip(data, findings, estimates, strict=True)]


def _of_contrast(
    name: str, data: Sequence[CellData], findings: Sequence[Finding]
) -> Iterator[tuple[int, Estimate]]:
    """Yield the estimates of one contrast, each with its cell's place.

    The primary one stands alone; those of all other cells are corrected for each other.
    """
    if name in OPTIMISTIC:
        yield from enumerate(map(optimistic, findings))
        return
    for is_primary in (True, False):
        places = [n for n, it in enumerate(data) if (it.primary == name) is is_primary]
        yield from zip(places, family([findings[n] for n in places]), strict=True)


def _cell(
    data: CellData, findings: Mapping[str, Finding], estimates: Mapping[str, Estimate]
) -> StudyCell:
    with_results = [member for member in data.members if member.variants]
    return StudyCell(
        approach=data.cell.approach,
        resolution=data.cell.resolution,
        budget=data.cell.budget,
        is_primary=data.primary is not None,
        originals=len(with_results),
        accuracy=accuracy([member.original.test for member in with_results]),
        seconds=(
            _seconds([member.original for member in with_results]),
            _seconds([variant for member in with_results for variant in member.variants]),
        ),
        **estimates,
        better=share(with_results, findings["mean_variant"].images),
        spread={name: spread(name, data.members, findings[name]) for name in GROUPS},
        networks=tuple(data.networks),
    )


def _seconds(networks: Sequence[Network]) -> float | None:
    """Mean training time of a run."""
    seconds = [run.seconds for network in networks for run in network.runs]
    return float(np.mean(seconds)) if seconds else None
