"""Inference for a few originals whose gains vary much, on test images whose noise is well known."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from scipy.special import stdtrit

from app.experiments.inference import ROUNDING, Inference, Part

_HALVINGS: Final = 50
_SMALLEST: Final = math.log(1e-30)


@dataclass(frozen=True)
class CautiousInference(Inference):
    """A gain whose quantiles are the means of its parts', weighted by their variances.

    Satterthwaite's degrees of freedom are estimated, too, and with three originals too large where
    these happen to vary little. This does not undercover (Cochran and Cox 1950).
    """

    parts: tuple[Part, ...]

    @classmethod
    def of(cls, gain: float, parts: Iterable[Part]) -> "CautiousInference | None":
        """Sum up the parts of the variance; ``None`` if nothing varies, so that none is known."""
        known = tuple(part for part in parts if part.variance > ROUNDING)
        plain = Inference.of(gain, known)
        return (
            None if plain is None else cls(plain.gain, plain.standard_error, plain.degrees, known)
        )

    def quantile(self, tail: float) -> float:
        """The number of standard errors that luck alone exceeds with this probability."""
        quantiles = (-stdtrit(part.degrees, tail) * part.variance for part in self.parts)
        return float(sum(quantiles)) / self.standard_error**2

    def tail(self, ratio: float) -> float:
        """The probability that luck alone brings more than ``ratio`` standard errors."""
        if len(self.parts) == 1:
            return super().tail(ratio)
        if ratio < 0:
            return 1 - self.tail(-ratio)
        low, high = _SMALLEST, math.log(0.5)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.quantile(math.exp(middle)) > ratio else (low, middle)
        return math.exp(high)
