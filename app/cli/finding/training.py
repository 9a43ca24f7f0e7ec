"""Trains candidates by halving, and chooses the network that Eq. 1 asks for."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from app.cli.finding.candidates import Pool
from app.client import Client, Job, Search, Variant
from app.schemas.results import VariantResult


@dataclass(frozen=True)
class Trial:
    """The candidates of one approach: their search, and the job that halves them."""

    search: Search
    job: Job

    @property
    def winner(self) -> VariantResult | None:
        """The variant that halving chose; ``None`` if every variant failed."""
        id_ = self.job.results.selected.variant_id
        return next((it for it in self.job.results.variants if it.variant_id == id_), None)


@dataclass(frozen=True)
class Choice:
    """The choice between the original and the best winner, by validation accuracy.

    Attributes
    ----------
    trial, winner
        The best of all winners, and its trial.
    original
        The original's validation accuracy: the mean over its seeds.
    is_original_allowed
        Whether the original keeps the bounds; if it does not, it is not chosen.
    """

    trial: Trial
    winner: VariantResult
    original: float
    is_original_allowed: bool

    @property
    def validated(self) -> float:
        """The winner's validation accuracy: the mean over its seeds."""
        return _validated(self.winner)

    @property
    def is_variant(self) -> bool:
        """Whether the winner is chosen; ties go to the original."""
        return self.validated > self.original or not self.is_original_allowed


def trials(
    client: Client,
    pools: Sequence[Pool],
    candidates: Mapping[int, Sequence[Variant]],
    dataset: str,
    terms: Mapping[str, Any],
) -> list[Trial]:
    """Queue a job for each approach that has candidates; ``terms`` are those of ``train``."""
    return [
        Trial(
            pools[place].search,
            client.train(
                pools[place].search,
                dataset,
                variants={"select": "halving", "ids": [variant.id for variant in drawn]},
                **terms,
            ),
        )
        for place, drawn in candidates.items()
    ]


def choose(done: Sequence[Trial], *, is_original_allowed: bool) -> Choice | None:
    """Choose by validation accuracy; ``None`` if nothing was trained to the end.

    Ties among winners go to the first approach.
    """
    winners = [(trial, winner) for trial in done if (winner := trial.winner)]
    original = [*_original_validation(done[0].job)]
    if not winners or not original:
        return None
    trial, winner = max(winners, key=lambda pair: _validated(pair[1]))
    return Choice(trial, winner, fmean(original), is_original_allowed)


def _original_validation(job: Job) -> Iterator[float]:
    """Yield the validation accuracy of each run of the original."""
    for run in job.runs():
        if run.network == "original" and run.validation_accuracy is not None:
            yield run.validation_accuracy


def _validated(variant: VariantResult) -> float:
    """A variant's validation accuracy; a variant without one loses against all others."""
    mean = variant.validation_accuracy.mean
    return -math.inf if mean is None else mean
