"""Intervals and tests of a gain whose variance is a sum of independent parts.

Gains are differences of accuracies, as fractions: 0.01 is one percentage point.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

LEVEL: Final = 0.95
MARGIN: Final = 0.01
"""Gains up to one percentage point, to either side, count as no difference (protocol, TOST)."""


ROUNDING: Final = 1e-18
"""Variances of accuracies below this are those of rounding."""


@dataclass(frozen=True)
class Part:
    """One source of a gain's variance, and the degrees of freedom with which it is known."""

    variance: float
    degrees: float


def spread_of_mean(values: Sequence[float]) -> Part:
    """The variance of the mean of independent values; two or more are needed."""
    return Part(float(np.var(values, ddof=1)) / len(values), len(values) - 1)


@dataclass(frozen=True)
class Inference:
    """A gain with its standard error, which is known with some degrees of freedom.

    ``(estimate - truth) / standard_error`` has Student's *t* distribution; with several parts of
    the variance it nearly has it (Welch 1947, Satterthwaite 1946).
    """

    gain: float
    standard_error: float
    degrees: float

    @classmethod
    def of(cls, gain: float, parts: Iterable[Part]) -> "Inference | None":
        """Sum up the parts of the variance; ``None`` if nothing varies, so that none is known."""
        known = [part for part in parts if part.variance > ROUNDING]
        variance = math.fsum(part.variance for part in known)
        if not variance:
            return None
        shares = math.fsum(part.variance**2 / part.degrees for part in known)
        degrees = variance**2 / shares if shares else math.inf
        return cls(gain, math.sqrt(variance), degrees)

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The interval that holds the truth with probability ``level``."""
        half = self.quantile((1 - level) / 2) * self.standard_error
        return self.gain - half, self.gain + half

    @property
    def p(self) -> float:
        """The two-sided p-value of "no gain and no loss"."""
        return 2 * self.tail(abs(self.gain) / self.standard_error)

    def equivalence_p(self, margin: float = MARGIN) -> float:
        """The p-value of "the gain is beyond the margin": two one-sided tests (Schuirmann 1987)."""
        nearest = margin - abs(self.gain)
        return self.tail(nearest / self.standard_error)

    def tail(self, ratio: float) -> float:
        """The probability that luck alone brings more than ``ratio`` standard errors."""
        return float(stats.t.sf(ratio, self.degrees))

    def quantile(self, tail: float) -> float:
        """The number of standard errors that luck alone exceeds with this probability."""
        return float(stats.t.isf(tail, self.degrees))
