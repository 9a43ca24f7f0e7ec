"""A study's results, even while some of its runs are missing.

Every estimate is one number for each original, and speaks of further originals of the same grid. An
original counts in an estimate once each of the two sides has a network with a run; networks without
runs are left out of it.
"""

from collections.abc import Sequence

from app.schemas.results import Verdict
from app.schemas.study_plans import DrawnCell, DrawnOriginal, DrawnVariant, StudyPlan
from app.schemas.study_results import StudyCell, StudyResults
from app.schemas.study_terms import Primary, StudyTerms
from trainer.statistics.contrasts import Member
from trainer.statistics.study_cells import CellData, cells
from trainer.statistics.study_networks import Network, StudyRun, Trainings
from trainer.statistics.study_views import Costs, Views

__all__ = ["StudyRun", "summarise"]


def summarise(
    plan: StudyPlan, terms: StudyTerms, runs: Sequence[StudyRun], costs: Costs
) -> StudyResults:
    """Estimate what variants gain over their originals, cell by cell.

    Parameters
    ----------
    runs
        Those that succeeded.
    costs
        Parameters and FLOPs of each architecture, by its id.
    """
    trainings = Trainings(runs, terms.seeds)
    views = Views(trainings, costs)
    found = cells([_data(cell, terms, trainings, views) for cell in plan.cells])
    return StudyResults(
        cells=tuple(found),
        networks=tuple(views.network(network) for network in plan.networks),
        verdict=_verdict(found, terms.primary),
    )


def _data(cell: DrawnCell, terms: StudyTerms, trainings: Trainings, views: Views) -> CellData:
    members = [_member(original, cell, trainings) for original in cell.originals]
    is_primary = terms.decides_in(cell.resolution, cell.approach, cell.budget)
    return CellData(
        cell=cell,
        members=[member for member in members if member],
        networks=[views.original(original, cell) for original in cell.originals],
        primary=terms.primary.contrast if terms.primary and is_primary else None,
    )


def _member(drawn: DrawnOriginal, cell: DrawnCell, trainings: Trainings) -> Member | None:
    """The original's networks that have runs; ``None`` while it has no run itself."""
    original = trainings.network(drawn.architecture_id)
    if original is None:
        return None
    variants = [(it, _trained(it, trainings)) for it in drawn.variants]
    pairs = [
        (network, trainings.network(variant.architecture_id, cell.resolution))
        for variant, network in variants
    ]
    same = [_trained(it, trainings) for it in drawn.same_resolution]
    return Member(
        original=original,
        variants=[network for _, network in variants if network],
        pairs=[(true, upsampled) for true, upsampled in pairs if true and upsampled],
        retrained=trainings.retrained(drawn.architecture_id, len(drawn.variants)),
        same_resolution=[network for network in same if network],
        plain=[network for it, network in variants if network and not it.reads_more_rows],
    )


def _trained(variant: DrawnVariant, trainings: Trainings) -> Network | None:
    return trainings.network(variant.architecture_id)


def _verdict(found: Sequence[StudyCell], primary: Primary | None) -> Verdict | None:
    """The verdict of the primary contrast."""
    if primary is None:
        return None
    estimates = [getattr(cell, primary.contrast) for cell in found if cell.is_primary]
    return estimates[0].verdict if estimates else None
