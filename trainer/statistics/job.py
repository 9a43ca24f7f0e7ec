"""A job's results, even while some of its runs are missing.

A job is about one original. Its interval says how well the gain over *this* original is known, not
what other originals would gain. V variants, S seeds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.experiments.inference import Inference, Part, spread_of_mean
from app.schemas.results import (
    BestOfK,
    HalvingResult,
    MeanVariant,
    OriginalResult,
    Results,
    Selected,
    VariantResult,
)
from trainer.statistics.accuracies import accuracy
from trainer.statistics.images import Profile, image_noise, profile
from trainer.statistics.selection import selected
from trainer.statistics.verdicts import verdict


@dataclass(frozen=True)
class Run:
    """The result of one training of a network.

    ``test_correct`` has one bit for each test image, as ``numpy.packbits`` packs them.
    """

    seed: int
    test_accuracy: float
    validation_accuracy: float
    test_correct: bytes = b""


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

    def profile(self) -> Profile | None:
        """How the network does image by image; ``None`` where that is not known of each run."""
        return profile([(run.test_correct, run.test_accuracy) for run in self.runs])


def summarise(
    original: TrainedNetwork,
    variants: Sequence[TrainedNetwork],
    halving: HalvingResult | None = None,
    *,
    are_drawn: bool = True,
) -> Results:
    """Estimate what the variants gain over their original.

    Variants without runs are reported, but are not part of any estimate. A gain is a difference of
    means over networks, each of which counts with its mean over seeds. Intervals take two runs of
    every network. After ``halving`` only the best variants have runs, so there is no mean variant.
    A variant is selected by the mean over all its seeds; its gain is that of :func:`selected`.

    Parameters
    ----------
    are_drawn
        Whether the variants were drawn at random from more of them, for which they stand.
    """
    trained = [variant for variant in variants if variant.runs]
    best = max(trained, key=lambda v: np.mean(v.test_accuracies), default=None)
    return Results(
        original=OriginalResult(accuracy=accuracy(original.test_accuracies)),
        variants=[_variant_result(variant) for variant in variants],
        mean_variant=None if halving else _mean_variant(original, trained, are_drawn=are_drawn),
        selected=_selected(original, trained, _chosen(trained, halving)),
        best_of_k=BestOfK(
            variant_id=best.id if best else None, gain=_gain(original, [best] if best else [])
        ),
        halving=halving,
    )


def _chosen(
    trained: Sequence[TrainedNetwork], halving: HalvingResult | None
) -> TrainedNetwork | None:
    """Return halving's winner once there is one, else the variant that validates best.

    Variants with several runs go before those with a single one.
    """
    winner = (halving.rungs[-1].kept or []) if halving and halving.rungs else []
    chosen = [variant for variant in trained if variant.id in winner] or trained
    return max(
        chosen, key=lambda v: (len(v.runs) > 1, np.mean(v.validation_accuracies)), default=None
    )


def _mean_variant(
    original: TrainedNetwork, variants: Sequence[TrainedNetwork], *, are_drawn: bool
) -> MeanVariant:
    gain = _gain(original, variants)
    if gain is None:
        return MeanVariant(gain=None, ci=None)
    baseline = np.mean(original.test_accuracies)
    better = np.mean([np.mean(variant.test_accuracies) > baseline for variant in variants])
    found = _inferred(gain, original, variants, are_drawn=are_drawn)
    return MeanVariant(gain=gain, better=float(better), **_shown(found))


def _selected(
    original: TrainedNetwork, variants: Sequence[TrainedNetwork], chosen: TrainedNetwork | None
) -> Selected:
    """The gain of selecting a variant. With single runs it is optimistic, and has no interval."""
    if chosen is None:
        return Selected(variant_id=None, gain=None, ci=None)
    runs = selected(variant.runs for variant in variants)
    scored = replace(chosen, runs=tuple(runs)) if runs else chosen
    gain = _gain(original, [scored])
    if gain is None:
        return Selected(variant_id=chosen.id, gain=None, ci=None)
    found = _inferred(gain, original, [scored], are_drawn=False)
    return Selected(variant_id=chosen.id, gain=gain, **_shown(found))


def _shown(found: Inference | None) -> dict[str, Any]:
    if found is None:
        return {"ci": None}
    return {
        "ci": found.interval(),
        "p": found.p,
        "verdict": verdict(found.gain, found.p, found.equivalence_p()),
    }


def _inferred(
    gain: float,
    original: TrainedNetwork,
    variants: Sequence[TrainedNetwork],
    *,
    are_drawn: bool,
) -> Inference | None:
    """How well a gain is known; ``None`` with fewer than two runs of a network.

    The parts of its variance are the original's seeds, the variants (and their seeds, which their
    means contain) and the test images.
    """
    if any(len(network.runs) < 2 for network in (original, *variants)):
        return None
    if are_drawn and len(variants) < 2:
        return None
    profiles = (variant.profile() for variant in variants)
    images = image_noise(profiles, original.profile(), are_drawn=are_drawn)
    seeds = spread_of_mean(original.test_accuracies)
    if are_drawn:
        means = [float(np.mean(variant.test_accuracies)) for variant in variants]
        return Inference.of(gain, [seeds, spread_of_mean(means), images])
    return Inference.of(gain, [Part.together([seeds, *_of_seeds(variants)]), images])


def _of_seeds(variants: Sequence[TrainedNetwork]) -> list[Part]:
    """The variance of the mean over these very variants that each of them brings."""
    parts = [spread_of_mean(variant.test_accuracies) for variant in variants]
    return [Part(part.variance / len(variants) ** 2, part.degrees) for part in parts]


def _variant_result(variant: TrainedNetwork) -> VariantResult:
    return VariantResult(
        variant_id=variant.id,
        resolution=variant.resolution,
        accuracy=accuracy(variant.test_accuracies),
        validation_accuracy=accuracy(variant.validation_accuracies),
    )


def _gain(original: TrainedNetwork, variants: Sequence[TrainedNetwork]) -> float | None:
    if not original.runs or not variants:
        return None
    mean = np.mean([np.mean(variant.test_accuracies) for variant in variants])
    return float(mean - np.mean(original.test_accuracies))
