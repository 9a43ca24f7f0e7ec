"""Intervals and tests of a gain whose variance is a sum of independent parts.

Gains are differences of accuracies, as fractions: 0.01 is one percentage point. P parts.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import stdtr, stdtrit

Floats: TypeAlias = NDArray[np.float64]

LEVEL: Final = 0.95
MARGIN: Final = 0.01
"""Gains up to one percentage point, to either side, count as no difference (protocol, TOST)."""
ROUNDING: Final = 1e-18
"""Variances of accuracies below this are those of rounding."""
_LOG_TAILS: Final = (math.log(1e-30), math.log(0.6))
"""Between these the logarithm of a tail is looked for."""


@dataclass(frozen=True)
class Part:
    """One source of a gain's variance, and the degrees of freedom with which it is known."""

    variance: float
    degrees: float

    @classmethod
    def together(cls, parts: Sequence["Part"]) -> "Part":
        """Add up parts of which each is known from a few values.

        The degrees of freedom lie half-way between Satterthwaite's (1946), which are too many where
        the largest part happens to be known worst, and those of the part that is known worst, which
        are too few elsewhere.
        """
        varying = [part for part in parts if part.variance]
        if not varying:
            return cls(0.0, math.inf)
        variance = math.fsum(part.variance for part in varying)
        squares = math.fsum(part.variance**2 / part.degrees for part in varying)
        return cls(variance, (variance**2 / squares + min(part.degrees for part in varying)) / 2)


def spread_of_mean(values: Sequence[float]) -> Part:
    """The variance of the mean of independent values; two or more are needed."""
    return Part(float(np.var(values, ddof=1)) / len(values), len(values) - 1)


def quantile(variances: Floats, degrees: Floats, tail: float) -> Floats:
    """The number of standard errors that luck alone exceeds with the probability ``tail``.

    With one part it is Student's. With several it is the mean of two approximations: that with
    Satterthwaite's degrees of freedom is too small where the largest part is known worst, and the
    parts' own quantiles weighted by their variances (Cochran and Cox 1950) are too large elsewhere.

    Parameters
    ----------
    variances, degrees
        Those of the parts, along the first axis; not all variances are 0.
    """
    total = variances.sum(axis=0)
    with np.errstate(divide="ignore"):
        together = total**2 / (variances**2 / degrees).sum(axis=0)
    weighted = (variances * stdtrit(degrees, tail)).sum(axis=0) / total
    found: Floats = -(weighted + stdtrit(together, tail)) / 2
    return found


@dataclass(frozen=True)
class Inference:
    """A gain with the parts of its variance, at least one of which varies."""

    gain: float
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, gain: float, parts: Iterable[Part]) -> "Inference | None":
        """Keep the parts that vary; ``None`` if nothing does, so that luck is not known."""
        known = tuple(part for part in parts if part.variance > ROUNDING)
        return cls(gain, known) if known else None

    @cached_property
    def standard_error(self) -> float:
        """The standard deviation of the gain over repeats."""
        return math.sqrt(math.fsum(part.variance for part in self.parts))

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The interval that holds the truth with probability ``level``."""
        half = self.quantile((1 - level) / 2) * self.standard_error
        return self.gain - half, self.gain + half

    @property
    def p(self) -> float:
        """The two-sided p-value of "no gain and no loss"."""
        return min(1.0, 2 * self.tail(abs(self.gain) / self.standard_error))

    def equivalence_p(self, margin: float = MARGIN) -> float:
        """The p-value of "the gain is beyond the margin": two one-sided tests (Schuirmann 1987)."""
        nearest = margin - abs(self.gain)
        return self.tail(nearest / self.standard_error)

    def quantile(self, tail: float) -> float:
        """The number of standard errors that luck alone exceeds with this probability."""
        variances = np.array([part.variance for part in self.parts])
        degrees = np.array([part.degrees for part in self.parts])
        return float(quantile(variances, degrees, tail))

    def tail(self, ratio: float) -> float:
        """The probability that luck alone brings more than ``ratio`` standard errors."""
        if ratio < 0:
            return 1 - self.tail(-ratio)
        if len(self.parts) == 1:
            return float(stdtr(self.parts[0].degrees, -ratio))
        return math.exp(self._log_tail(ratio))

    def _log_tail(self, ratio: float) -> float:
        """Invert :meth:`quantile`."""

        def excess(log_tail: float) -> float:
            return self.quantile(math.exp(log_tail)) - ratio

        return float(brentq(excess, *_LOG_TAILS)) if excess(_LOG_TAILS[0]) > 0 else _LOG_TAILS[0]
