"""From runs to estimates: what a job's results hold, also while some runs are still missing.

D bootstrap draws, V variants. Accuracies and gains are fractions; what is unknown is ``None``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.db.results import (
    Accuracy,
    BestOfK,
    MeanVariant,
    OriginalResult,
    Results,
    Selected,
    VariantResult,
)

_DRAWS: Final = 10_000
_LEVEL_PERCENT: Final = 95
_SEED: Final = 0


@dataclass(frozen=True)
class Run:
    """What one training of a network gave."""

    seed: int
    test_accuracy: float
    validation_accuracy: float


@dataclass(frozen=True)
class Network:
    """A network with the runs that it has so far."""

    id: str
    resolution: int
    runs: tuple[Run, ...]

    @property
    def test_accuracies(self) -> list[float]:
        """Test accuracy of each run."""
        return [run.test_accuracy for run in self.runs]

    @property
    def validation_accuracies(self) -> list[float]:
        """Validation accuracy of each run."""
        return [run.validation_accuracy for run in self.runs]


def summarise(original: Network, variants: Sequence[Network]) -> Results:
    """Estimate what the variants gain over their original.

    Variants without runs are reported, but no part of an estimate. Gains are differences of means
    over networks of means over seeds. Intervals are 95 % percentile intervals of a hierarchical
    bootstrap (variants, then seeds within each; the original's seeds too) and need two runs of
    every network.
    """
    trained = [variant for variant in variants if variant.runs]
    selected = max(trained, key=lambda v: np.mean(v.validation_accuracies), default=None)
    best = max(trained, key=lambda v: np.mean(v.test_accuracies), default=None)
    chosen = [selected] if selected else []
    return Results(
        original=OriginalResult(accuracy=_accuracy(original.test_accuracies)),
        variants=[_variant_result(variant) for variant in variants],
        mean_variant=MeanVariant(gain=_gain(original, trained), ci=_interval(original, trained)),
        selected=Selected(
            variant_id=selected.id if selected else None,
            gain=_gain(original, chosen),
            ci=_interval(original, chosen),
        ),
        best_of_k=BestOfK(
            variant_id=best.id if best else None, gain=_gain(original, [best] if best else [])
        ),
    )


def _variant_result(variant: Network) -> VariantResult:
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


def _gain(original: Network, variants: Sequence[Network]) -> float | None:
    if not original.runs or not variants:
        return None
    mean = np.mean([np.mean(variant.test_accuracies) for variant in variants])
    return float(mean - np.mean(original.test_accuracies))


def _interval(original: Network, variants: Sequence[Network]) -> tuple[float, float] | None:
    if not variants or any(len(network.runs) < 2 for network in (original, *variants)):
        return None
    rng = np.random.default_rng(_SEED)
    gains_D = _resampled_means(variants, rng) - _resampled_means([original], rng)
    tail = (100 - _LEVEL_PERCENT) / 2
    low, high = np.percentile(gains_D, [tail, 100 - tail])
    return float(low), float(high)


def _resampled_means(networks: Sequence[Network], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw networks, then runs of each, with replacement; return the mean of each draw."""
    counts_V = np.array([len(network.runs) for network in networks])
    accuracies = np.zeros((len(networks), counts_V.max()))
    for row, network in zip(accuracies, networks, strict=True):
        row[: len(network.runs)] = network.test_accuracies
    drawn_DV = rng.integers(len(networks), size=(_DRAWS, len(networks)))
    counts_DV = counts_V[drawn_DV]
    sums_DV = np.zeros(drawn_DV.shape)
    for position in range(counts_V.max()):
        values_DV = accuracies[drawn_DV, rng.integers(counts_DV)]
        sums_DV += np.where(position < counts_DV, values_DV, 0.0)
    means_D: NDArray[np.float64] = (sums_DV / counts_DV).mean(axis=1)
    return means_D
