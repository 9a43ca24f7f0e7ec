"""From runs to estimates: a job's results, even while some runs are still missing.

D bootstrap draws, V variants. Accuracies and gains are fractions; unknown ones are ``None``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from app.schemas.results import (
    Accuracy,
    BestOfK,
    HalvingResult,
    MeanVariant,
    OriginalResult,
    Results,
    Selected,
    VariantResult,
)

_DRAWS: Final = 10_000
_LEVEL_PERCENT: Final = 95
_SEED: Final = 0
_DRAWN_AT_ONCE: Final = 1_000_000
"""Networks that are drawn at once, over all draws: about 10 MB for each array."""


@dataclass(frozen=True)
class Run:
    """The result of one training of a network."""

    seed: int
    test_accuracy: float
    validation_accuracy: float


@dataclass(frozen=True)
class TrainedNetwork:
    """A network with the runs that it has so far.

    ``validated`` holds validation accuracies of runs that were not meant to train to the end.
    """

    id: str
    resolution: int
    runs: tuple[Run, ...]
    validated: tuple[float, ...] = ()

    @property
    def test_accuracies(self) -> list[float]:
        """Test accuracy of each run."""
        return [run.test_accuracy for run in self.runs]

    @property
    def validation_accuracies(self) -> list[float]:
        """Validation accuracy of each run; those of ``validated`` if there are no runs."""
        return [run.validation_accuracy for run in self.runs] or list(self.validated)


def summarise(
    original: TrainedNetwork,
    variants: Sequence[TrainedNetwork],
    halving: HalvingResult | None = None,
) -> Results:
    """Estimate what the variants gain over their original.

    Variants without runs are reported, but are not part of any estimate. A gain is a difference of
    means over networks, each of which counts with its mean over seeds. Intervals are 95 %
    percentile intervals of a hierarchical bootstrap (variants, then seeds within each; the
    original's seeds too), and need two runs of every network. After ``halving`` only the best
    variants have runs, so the mean variant is ``None``.
    """
    trained = [variant for variant in variants if variant.runs]
    selected = _selected(trained, halving)
    best = max(trained, key=lambda v: np.mean(v.test_accuracies), default=None)
    return Results(
        original=OriginalResult(accuracy=_accuracy(original.test_accuracies)),
        variants=[_variant_result(variant) for variant in variants],
        mean_variant=None if halving else _mean_variant(original, trained),
        selected=Selected(
            variant_id=selected.id if selected else None,
            gain=_gain(original, [selected] if selected else []),
            ci=_interval_of_one(original, selected) if selected else None,
        ),
        best_of_k=BestOfK(
            variant_id=best.id if best else None, gain=_gain(original, [best] if best else [])
        ),
        halving=halving,
    )


def _selected(
    trained: Sequence[TrainedNetwork], halving: HalvingResult | None
) -> TrainedNetwork | None:
    """Return halving's winner once there is one, else the variant that validates best."""
    winner = (halving.rungs[-1].kept or []) if halving and halving.rungs else []
    chosen = [variant for variant in trained if variant.id in winner] or trained
    return max(chosen, key=lambda v: np.mean(v.validation_accuracies), default=None)


def _mean_variant(original: TrainedNetwork, variants: Sequence[TrainedNetwork]) -> MeanVariant:
    return MeanVariant(gain=_gain(original, variants), ci=_interval(original, variants))


def _variant_result(variant: TrainedNetwork) -> VariantResult:
    return VariantResult(
        variant_id=variant.id,
        resolution=variant.resolution,
        accuracy=_accuracy(variant.test_accuracies),
        validation_accuracy=_accuracy(variant.validation_accuracies),
    )


def _accuracy(values: Sequence[float]) -> Accuracy:
    return Accuracy(
        mean=float(np.mean(values)) if values else None,
        sd=float(np.std(values, ddof=1)) if len(values) > 1 else None,
        n=len(values),
    )


def _gain(original: TrainedNetwork, variants: Sequence[TrainedNetwork]) -> float | None:
    if not original.runs or not variants:
        return None
    mean = np.mean([np.mean(variant.test_accuracies) for variant in variants])
    return float(mean - np.mean(original.test_accuracies))


def _interval(
    original: TrainedNetwork, variants: Sequence[TrainedNetwork]
) -> tuple[float, float] | None:
    """Bootstrap variants, and runs of each and of the original, with replacement."""
    if not variants or any(len(network.runs) < 2 for network in (original, *variants)):
        return None
    rng = np.random.default_rng(_SEED)
    gains_D = _resampled_means(variants, rng) - _resampled_means([original], rng)
    tail = (100 - _LEVEL_PERCENT) / 2
    low, high = np.percentile(gains_D, [tail, 100 - tail])
    return float(low), float(high)


def _interval_of_one(
    original: TrainedNetwork, variant: TrainedNetwork
) -> tuple[float, float] | None:
    """Bootstrap runs of a variant and of the original, with replacement."""
    if min(len(original.runs), len(variant.runs)) < 2:
        return None
    low, high = bootstrap(
        (variant.test_accuracies, original.test_accuracies),
        lambda ours, theirs, axis: np.mean(ours, axis=axis) - np.mean(theirs, axis=axis),
        n_resamples=_DRAWS,
        confidence_level=_LEVEL_PERCENT / 100,
        method="percentile",
        rng=np.random.default_rng(_SEED),
    ).confidence_interval
    return float(low), float(high)


def _resampled_means(
    networks: Sequence[TrainedNetwork], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw networks, then runs of each, with replacement; return the mean of each draw."""
    counts_V = np.array([len(network.runs) for network in networks])
    accuracies = np.zeros((len(networks), counts_V.max()))
    for row, network in zip(accuracies, networks, strict=True):
        row[: len(network.runs)] = network.test_accuracies
    at_once = max(1, _DRAWN_AT_ONCE // len(networks))
    return np.concatenate(
        [
            _drawn_means(accuracies, counts_V, min(at_once, _DRAWS - start), rng)
            for start in range(0, _DRAWS, at_once)
        ]
    )


def _drawn_means(
    accuracies: NDArray[np.float64],
    counts_V: NDArray[np.int_],
    draws: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    drawn_DV = rng.integers(len(counts_V), size=(draws, len(counts_V)))
    counts_DV = counts_V[drawn_DV]
    sums_DV = np.zeros(drawn_DV.shape)
    for position in range(counts_V.max()):
        values_DV = accuracies[drawn_DV, rng.integers(counts_DV)]
        sums_DV += np.where(position < counts_DV, values_DV, 0.0)
    means_D: NDArray[np.float64] = (sums_DV / counts_DV).mean(axis=1)
    return means_D
