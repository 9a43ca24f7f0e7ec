"""A study's cells, and what their networks cost."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from app.schemas.studies import StudyView
from app.schemas.study_plans import DrawnCell
from app.schemas.study_results import BetterShare, Estimate, StudyCell, StudyNetwork
from app.schemas.study_terms import Primary

ESTIMATES: Final = {
    "mean_variant": "mean variant − original (the headline)",
    "selected": "variant chosen on validation images − original",
    "true_minus_upsampled": "true − upsampled: what the extra pixels bring",
    "upsampled_minus_original": "upsampled − original: what the changed geometry brings",
    "same_resolution": "variants of the original’s resolution − original",
    "no_more_rows": "variants that read no more rows − original",
    "best_of_k": "best of k − original (optimistic)",
    "best_of_k_null": "best of k retrained originals − original (luck alone, optimistic)",
    "best_minus_null": "best of k − luck alone",
}
"""The estimates of a cell in the order of tables, and what each compares."""


@dataclass(frozen=True)
class Cost:
    """What the networks of one arm cost; each is a mean, ``None`` where nothing is known."""

    params: float | None
    flops: float | None
    seconds: float | None
    """Training time of a run."""


def primary_of(study: StudyView) -> StudyCell | None:
    """The cell that the study decides on; ``None`` while it has no results."""
    return next((cell for cell in study.cells if cell.is_primary), None)


def estimate_of(cell: StudyCell, name: str) -> Estimate:
    """One of a cell's estimates, by its name in :data:`ESTIMATES`."""
    found: Estimate = getattr(cell, name)
    return found


def place_of(cell: StudyCell | DrawnCell | Primary) -> str:
    """Where a cell stands in the study: ``IV · 12 px · params``."""
    return f"{cell.approach} · {cell.resolution} px · {cell.budget}"


def cost_of_originals(cell: StudyCell) -> Cost:
    """The mean over a cell's originals."""
    return Cost(
        params=_mean(network.params for network in cell.networks),
        flops=_mean(network.flops for network in cell.networks),
        seconds=cell.seconds[0],
    )


def cost_of_variants(cell: StudyCell) -> Cost:
    """The mean over originals of the mean over their variants, as in ``mean_variant``."""
    return Cost(
        params=_mean_of_means(cell, lambda network: network.params),
        flops=_mean_of_means(cell, lambda network: network.flops),
        seconds=cell.seconds[1],
    )


def share_in_words(share: BetterShare) -> str:
    """``62% (41% to 79%)``: a probability with its 95 % interval."""
    if share.share is None:
        return "–"
    between = f" ({share.ci[0]:.0%} to {share.ci[1]:.0%})" if share.ci else ""
    return f"{share.share:.0%}{between}"


def _mean_of_means(cell: StudyCell, number: Callable[[StudyNetwork], float]) -> float | None:
    groups = [original.variants for original in cell.networks if original.variants]
    return _mean(fmean(number(variant) for variant in variants) for variants in groups)


def _mean(numbers: Iterable[float]) -> float | None:
    known = [*numbers]
    return fmean(known) if known else None
