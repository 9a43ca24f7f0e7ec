"""``python -m benchmarks.halving``: what successive halving finds, and what it costs.

Each repeat compares halving over 64 variants with four random variants. Both draw, with the
repeat's seed, from the same 100 variants (of up to 28 px) of a LeNet at 14 px, and both pick by
validation accuracy. The jobs are real: workers of a service train them on MNIST, which must lie in
``ISOBUDGET_DATA_DIR``. The cost of halving is the number of epochs that it trains, as a share of
the epochs that it would take to train all its variants to the end.
"""

from itertools import pairwise
from statistics import fmean
from typing import Any, Final, NamedTuple

from app.schemas.results import HalvingResult, Results
from benchmarks.timing import report
from benchmarks.training import CORES, lenet
from benchmarks.working import Workplace, need_mnist, workplace

GOALS: Final = {
    "as_good": "at least 10 of 12 repeats",
    "cost_share": "at most 0.5",
}
"""Goal of each figure."""


class Size(NamedTuple):
    """Repeats, variants of each, epochs of a whole training, and training images."""

    repeats: int
    variants: int
    epochs: int
    images: int


FULL: Final = Size(repeats=12, variants=64, epochs=10, images=10_000)
QUICK: Final = Size(repeats=2, variants=8, epochs=3, images=1_000)


def measure(quick: bool) -> dict[str, float]:
    """Return all figures by name."""
    size = QUICK if quick else FULL
    with workplace() as place:
        pairs = _queued(place, size)
        place.worked_off(workers=CORES)
        found = [(place.results(halved), place.results(drawn)) for halved, drawn in pairs]
    gains = [_best(halved) - _best(drawn) for halved, drawn in found]
    shares = [_cost(halved.halving) / (size.variants * size.epochs) for halved, _ in found]
    return {
        "repeats": size.repeats,
        "as_good": sum(gain >= 0 for gain in gains),
        "better_points": 100 * fmean(gains),
        "worst_points": 100 * min(gains),
        "cost_share": max(shares),
    }


def _queued(place: Workplace, size: Size) -> list[tuple[str, str]]:
    """For each repeat, queue a job that halves and one that draws four variants."""
    search_id = place.searched(
        {
            "architecture": lenet(14).model_dump(mode="json"),
            "approach": "IV",
            "budget": "params",
            "tolerance": 0.01,
            "ranges": {"resolution": [15, 28]},
            "find": {"sample": 100, "seed": 0},
        }
    )
    shared = {
        "search_id": search_id,
        "dataset": "mnist",
        "seeds": 1,
        "epochs": size.epochs,
        "training_images": size.images,
    }

    def queued(seed: int, variants: dict[str, Any]) -> str:
        return place.queued({**shared, "variants": {**variants, "seed": seed}})

    return [
        (
            queued(seed, {"select": "halving", "count": size.variants}),
            queued(seed, {"select": "random", "count": 4}),
        )
        for seed in range(size.repeats)
    ]


def _best(results: Results) -> float:
    """Return the validation accuracy of the variant that a job selected."""
    (accuracy,) = [
        variant.validation_accuracy.mean
        for variant in results.variants
        if variant.variant_id == results.selected.variant_id
    ]
    assert accuracy is not None
    return accuracy


def _cost(halving: HalvingResult | None) -> int:
    """Return the epochs that a halving job trained, over all variants and rungs."""
    assert halving is not None
    first, *_ = halving.rungs
    later = pairwise(halving.rungs)
    resumed = sum(len(next_.tried) * (next_.epochs - rung.epochs) for rung, next_ in later)
    return len(first.tried) * first.epochs + resumed


def main() -> None:
    """Print all figures."""
    need_mnist()
    report(__doc__ or "", measure, GOALS)


if __name__ == "__main__":
    main()
