"""Learning curves: what some runs measured after each epoch."""

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple


class CurvePoint(NamedTuple):
    """The validation accuracies of some runs after the same epoch, added up."""

    epoch: int
    runs: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        """The mean accuracy."""
        return self.total / self.runs

    @property
    def sd(self) -> float:
        """The standard deviation of the sample; 0 for one run."""
        if self.runs == 1:
            return 0.0
        # Rounding may leave a little less than nothing.
        spread = max(0.0, self.squares - self.total * self.mean)
        return math.sqrt(spread / (self.runs - 1))

    @classmethod
    def of_run(cls, epoch: int, accuracy: float) -> "CurvePoint":
        """What one run measured after an epoch."""
        return cls(epoch, 1, accuracy, accuracy * accuracy)

    @classmethod
    def pooled(cls, points: Iterable["CurvePoint"]) -> list["CurvePoint"]:
        """Put the runs of several curves together, epoch by epoch."""
        by_epoch = defaultdict(list)
        for point in points:
            by_epoch[point.epoch].append(point)
        return [
            cls(
                epoch,
                sum(it.runs for it in found),
                math.fsum(it.total for it in found),
                math.fsum(it.squares for it in found),
            )
            for epoch, found in sorted(by_epoch.items())
        ]
