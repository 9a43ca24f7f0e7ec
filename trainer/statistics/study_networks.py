"""The networks of a study with their runs, found by what they were trained for.

I test images, S seeds.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trainer.statistics.images import correctness


@dataclass(frozen=True)
class StudyRun:
    """A run that succeeded.

    ``detail`` is the resolution to which the images were reduced first, ``None`` where they were
    not. ``test_correct`` has one bit for each test image, as ``numpy.packbits`` packs them.
    """

    architecture_id: str
    detail: int | None
    seed: int
    resolution: int
    test_accuracy: float
    validation_accuracy: float
    test_correct: bytes
    seconds: float


@dataclass(frozen=True)
class Network:
    """A network with one or more runs; each network counts with its mean over seeds."""

    runs: tuple[StudyRun, ...]

    @cached_property
    def test(self) -> float:
        """Mean test accuracy."""
        return float(np.mean([run.test_accuracy for run in self.runs]))

    @cached_property
    def seconds(self) -> float:
        """Mean training time of a run."""
        return float(np.mean([run.seconds for run in self.runs]))

    @cached_property
    def correct_I(self) -> NDArray[np.float64] | None:  # noqa: N802 - named by shape
        """The share of its runs that classify an image correctly; ``None`` where not known."""
        rows_SI = correctness([(run.test_correct, run.test_accuracy) for run in self.runs])
        if rows_SI is None:
            return None
        return np.asarray(rows_SI.sum(axis=0, dtype=np.uint16) / len(rows_SI))


class Trainings:
    """All runs of a study: for each network those with its own seeds, and the further ones."""

    def __init__(self, runs: Iterable[StudyRun], seeds: int) -> None:
        self._seeds = seeds
        groups: dict[tuple[str, int | None, int], list[StudyRun]] = defaultdict(list)
        for run in sorted(runs, key=lambda it: it.seed):
            groups[run.architecture_id, run.detail, run.seed // seeds].append(run)
        self._networks = {key: Network(tuple(group)) for key, group in groups.items()}

    def network(self, architecture_id: str, detail: int | None = None) -> Network | None:
        """A network with the study's seeds; ``None`` before it has a run."""
        return self._networks.get((architecture_id, detail, 0))

    def retrained(self, architecture_id: str, times: int) -> Sequence[Network]:
        """Further trainings of an original, each of as many seeds as a network has."""
        found = (self._networks.get((architecture_id, None, n)) for n in range(1, times + 1))
        return [network for network in found if network]
