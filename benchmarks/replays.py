"""What replays of synthetic jobs and studies show, case by case."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from app.schemas.results import Verdict


@dataclass(frozen=True)
class Replay:
    """One estimate, and the truth; ``ci`` is ``None`` where no interval is shown."""

    ci: tuple[float, float] | None
    verdict: Verdict | None
    truth: float

    @property
    def is_held(self) -> bool:
        """Whether the interval holds the truth."""
        assert self.ci is not None
        low, high = self.ci
        return low <= self.truth <= high

    @property
    def is_found(self) -> bool:
        """Whether a difference is claimed."""
        return self.verdict in ("better", "worse")


class Case(NamedTuple):
    """Replays under the same circumstances: variants of a job, or originals of a study.

    ``is_aa``: all networks are the same but for their seeds, so each difference found is false.
    """

    estimate: str
    world: str
    size: int
    is_aa: bool = False

    def __str__(self) -> str:
        return f"{self.estimate}_{self.world}_{self.size}{'_aa' if self.is_aa else ''}"


Replays: TypeAlias = dict[Case, list[Replay]]


def held(replays: Sequence[Replay]) -> float:
    """The share of the intervals that hold the truth."""
    return float(np.mean([replay.is_held for replay in replays if replay.ci]))


def found(replays: Sequence[Replay]) -> float:
    """The share of the replays that claim a difference."""
    return float(np.mean([replay.is_found for replay in replays]))
