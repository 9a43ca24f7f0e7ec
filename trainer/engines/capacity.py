"""How many tasks a cluster can hold at once, from what its nodes offer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final

UNITS: Final = 10_000
"""Parts that Ray divides a CPU or a GPU into; in whole parts, 0.7 is exactly seven times 0.1."""

Resources = Mapping[str, float]
"""Amount of each resource, by Ray's name for it."""


@dataclass(frozen=True)
class Ask:
    """What one task takes of a node; fractions are allowed, but more than one GPU must be whole."""

    cpus: float
    gpus: float

    def __post_init__(self) -> None:
        if not (isfinite(self.cpus) and isfinite(self.gpus)):
            raise ValueError("a task takes a finite part of a node")
        if self.cpus < 0 or self.gpus < 0 or not _units(self.cpus) + _units(self.gpus):
            raise ValueError("a task takes some of a CPU or a GPU, and no less than nothing")
        if self.gpus > 1 and self.gpus != int(self.gpus):
            raise ValueError("a task takes a part of one GPU, or a whole number of GPUs")

    def __str__(self) -> str:
        return f"{self.cpus:g} CPUs and {self.gpus:g} GPUs"

    def places(self, node: Resources) -> int:
        """Return how many such tasks fit a node; a part of a GPU never spans two GPUs."""
        gpus = node.get("GPU", 0)
        whole = 0 < self.gpus < 1
        of_gpus = int(gpus) * _times(self.gpus, 1) if whole else _times(self.gpus, gpus)
        return min(_times(self.cpus, node.get("CPU", 0)), of_gpus)

    def fits(self, available: Resources) -> int:
        """Return an upper bound on the tasks like this that fit what a whole cluster has left."""
        return min(
            _times(self.cpus, available.get("CPU", 0)), _times(self.gpus, available.get("GPU", 0))
        )


def largest(nodes: Sequence[Resources]) -> str:
    """Say in words what the largest node offers."""
    best = max(nodes, key=lambda node: (node.get("GPU", 0), node.get("CPU", 0)), default={})
    return f"{best.get('CPU', 0):g} CPUs and {best.get('GPU', 0):g} GPUs"


def _units(amount: float) -> int:
    return round(amount * UNITS)


def _times(asked: float, offered: float) -> int:
    """Return how many times ``asked`` fits ``offered``; ``ENDLESS`` if nothing is asked."""
    return _units(offered) // _units(asked) if _units(asked) else ENDLESS


ENDLESS: Final = 2**31
