"""What was asked of ``isobudget find``, and its steps: solve, draw, halve, choose."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.cli.console import fail, refuse
from app.cli.experiments import experiment_of, write_report
from app.cli.finding.bounds import Bounds
from app.cli.finding.candidates import Pool, draw, pool
from app.cli.finding.found import Found, Nothing, found_of, searched
from app.cli.finding.training import choose, trials
from app.cli.option_values import flag
from app.client import Client, InvalidError, JobFailedError, Variant
from app.errors import Fault
from app.schemas.requests import NO_DATASET
from solver.network.architecture import Architecture
from solver.network.counting import Counts
from solver.problem import Sample

MODEL: Final = "model.py"
OPTIONS: Final = {
    **{name: name for name in ("dataset", "seeds", "epochs", "recipe", "training_images")},
    "variants": "candidates",
}
"""The options that a job's fields come from, by the names of the fields."""


@dataclass(frozen=True)
class Inquiry:
    """The network that is asked for.

    Attributes
    ----------
    own
        The original's counts.
    approaches
        The names of the approaches to try.
    resolutions
        The least and the largest resolution, in pixels.
    candidates
        How many variants are tried.
    time_limit
        Seconds to solve, for each approach.
    terms
        How to train, as :meth:`app.client.Client.train` has it.
    """

    original: Architecture
    own: Counts
    bounds: Bounds
    approaches: Sequence[str]
    resolutions: tuple[int, int]
    candidates: int
    seed: int
    time_limit: float
    dataset: str
    terms: Mapping[str, Any]

    def answer(self, client: Client, folder: Path) -> Found | Nothing:
        """Find the network, and write it and the report into a folder.

        What the service refuses, and what fails, ends the command.
        """
        try:
            self.check(client)
            folder.mkdir(parents=True, exist_ok=True)
            pools = self.pools(client)
            candidates = self.draw(pools)
            if not candidates:
                return Nothing(bounds=self.bounds.view, searches=searched(pools, {}))
            found = self.train(client, pools, candidates, folder)
        except InvalidError as refused:
            refuse("the service", [Fault(_named(it.pointer), it.detail) for it in refused.errors])
        return found or fail("nothing was trained to the end; the logs say why")

    def check(self, client: Client) -> None:
        """End the command if there is no such data set, or if its images are too small."""
        by_name = {it.name: it.resolution for it in client.datasets()}
        if self.dataset not in by_name:
            refuse("the options", [Fault("--dataset", NO_DATASET)])
        native, most = by_name[self.dataset], self.resolutions[1]
        if native is not None and most > native:
            reason = f"{most} px are above {self.dataset}'s {native} px; images are never enlarged"
            refuse("the options", [Fault("--max-resolution", reason)])

    def pools(self, client: Client) -> list[Pool]:
        """Search the variants of each approach."""
        sample = Sample(sample=self.candidates, seed=self.seed)
        return [
            pool(
                client,
                self.original,
                approach,
                self.bounds,
                self.resolutions,
                self.own,
                self.time_limit,
                sample,
            )
            for approach in self.approaches
        ]

    def draw(self, pools: Sequence[Pool]) -> Mapping[int, Sequence[Variant]]:
        """Draw the candidates, by the place of their pool."""
        return draw(pools, self.candidates, self.seed)

    def train(
        self,
        client: Client,
        pools: Sequence[Pool],
        candidates: Mapping[int, Sequence[Variant]],
        folder: Path,
    ) -> Found | None:
        """Train the candidates, and write what was found into a folder.

        Returns ``None`` if no variant, or not the original, was trained to the end.
        """
        done = trials(client, pools, candidates, self.dataset, self.terms)
        for trial in done:
            with suppress(JobFailedError):  # another approach may have a winner
                trial.job.wait(progress=True)
        is_allowed = not self.bounds.exceeded(self.own)
        choice = choose(done, is_original_allowed=is_allowed)
        if choice is None:
            return None
        winner = client.variant(choice.winner.variant_id)
        original = client.architecture(self.original)
        model = (folder / MODEL).resolve()
        model.write_text((winner if choice.is_variant else original).source, encoding="utf-8")
        experiment = experiment_of(client, choice.trial.search, choice.trial.job)
        return found_of(
            choice,
            winner,
            original,
            exceeded=[bound.cost for bound in self.bounds.exceeded(self.own)],
            bounds=self.bounds.view,
            searches=searched(pools, candidates),
            model=str(model),
            report=str(write_report(experiment, folder)),
        )


def _named(pointer: str) -> str:
    """The user's name for a place in a request."""
    field = pointer.split("/")[1] if "/" in pointer else ""
    return flag(OPTIONS[field]) if field in OPTIONS else pointer
