"""The selected network: what a user gets who trains several and keeps the best on validation."""

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Protocol, TypeVar


class Validated(Protocol):
    """A run with its seed and its accuracy on the validation split."""

    @property
    def seed(self) -> int:
        """Of its initial weights and the order of its data."""

    @property
    def validation_accuracy(self) -> float:
        """Share of the validation images that it classifies correctly."""


R = TypeVar("R", bound=Validated)


def selected(networks: Iterable[Sequence[R]]) -> list[R]:
    """For each seed, that run of the network which validates best with all other seeds.

    A training that went well by luck does so on validation and on test images. What is chosen and
    what is scored are therefore different trainings. A network needs runs of two seeds to count.
    """
    found: dict[int, tuple[float, R]] = {}
    for runs in networks:
        for run in runs if len(runs) > 1 else ():
            by_others = fmean(it.validation_accuracy for it in runs if it.seed != run.seed)
            if run.seed not in found or by_others > found[run.seed][0]:
                found[run.seed] = by_others, run
    return [run for _, (_, run) in sorted(found.items())]
