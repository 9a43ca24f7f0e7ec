"""Is a mean gain more than luck? One number per original, N originals.

A study claims a difference only if two tests agree. Student's *t* counts the choice of the test
images, but takes gains for normal; the other test takes them for symmetric only.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from app.experiments.inference import LEVEL, Inference, Part, spread_of_mean

Floats = NDArray[np.float64]

MOST_FLIPPED: Final = 20
"""Up to this many originals all signs are flipped; beyond, Wilcoxon's test is used."""
_ROUNDING: Final = 1e-12


def infer(gains: Sequence[float], images: Part) -> Inference | None:
    """The mean gain of two or more originals, and how well it is known for further ones.

    Parameters
    ----------
    images
        The part of the variance that the choice of the test images brings, which all originals
        share. What varies between originals is in ``gains`` already.
    """
    return Inference.of(float(np.mean(gains)), [spread_of_mean(gains), images])


def p_values(gains_RN: Floats, images: Part) -> Floats:
    """The two-sided p-values of "no gain and no loss", one for each of R repeats of a study.

    It is the larger one of two: of Student's *t* test with the noise of the images, and of the
    symmetry test, whose level is exact for few originals.
    """
    found = [infer(gains_N.tolist(), images) for gains_N in gains_RN]
    ratios_R = [abs(it.gain) / it.standard_error if it else 0.0 for it in found]
    degrees_R = [it.degrees if it else 1.0 for it in found]
    symmetric_R = [symmetry_p(gains_N) for gains_N in gains_RN]
    p_R: Floats = np.maximum(2 * stats.t.sf(ratios_R, degrees_R), symmetric_R)
    return p_R


def symmetry_p(gains_N: Floats) -> float:
    """The two-sided p-value of "gains are symmetric about 0"."""
    if len(gains_N) <= MOST_FLIPPED:
        return sign_flip_p(gains_N)
    return float(stats.wilcoxon(gains_N).pvalue) if np.any(gains_N) else 1.0


def sign_flip_p(gains_N: Floats) -> float:
    """The share of all 2^N choices of signs whose mean is at least as far from 0 (Fisher 1935).

    A sum is one over the first half of the originals and one over the others. Sorting the others'
    sums makes counting fast.
    """
    half = len(gains_N) // 2
    ours = _signed_sums(gains_N[:half])
    theirs = np.sort(_signed_sums(gains_N[half:]))
    least = abs(float(gains_N.sum())) - _ROUNDING * float(np.abs(gains_N).sum())
    below = np.searchsorted(theirs, least - ours)
    beyond = len(ours) * len(theirs) - int(below.sum())
    choices: int = 2 ** len(gains_N)
    return min(1.0, 2 * beyond / choices)


def _signed_sums(values: Floats) -> Floats:
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums


def least_originals(family: int) -> int:
    """The number of originals below which no gain is significant in a family of claims.

    The smallest p-value of N flipped signs is 2^(1 - N); Holm's first step asks for 0.05 / family.
    """
    return math.ceil(1 + math.log2(family / (1 - LEVEL)) - _ROUNDING)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust the p-values of a family so that one false claim in it is rare (Holm 1979)."""
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted
