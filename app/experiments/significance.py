"""Is a mean gain more than luck? One number per original, N originals.

A study claims a difference only if two tests agree. Student's *t* counts the choice of the test
images, but takes gains for normal; the other test takes them for symmetric only.
"""

import math
from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from app.experiments.inference import (
    LEVEL,
    ROUNDING,
    Floats,
    Inference,
    Part,
    quantile,
    spread_of_mean,
)

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


def p_value(gains: Sequence[float], images: Part) -> float:
    """The two-sided p-value of "no gain and no loss"; 1 where nothing varies.

    It is the larger one of two: of Student's *t* test with the noise of the images, and of the
    symmetry test, whose level is exact for few originals.
    """
    inference = infer(gains, images)
    return max(inference.p, float(symmetry_p(np.array([gains]))[0])) if inference else 1.0


def differs(gains_RN: Floats, images: Part, alpha: float) -> NDArray[np.bool_]:
    """Whether :func:`p_value` is below ``alpha``, for each of R repeats of a study."""
    originals = gains_RN.shape[1]
    ours_R = gains_RN.var(axis=1, ddof=1) / originals
    variances_PR = np.stack([ours_R, np.full_like(ours_R, images.variance)])
    variances_PR[variances_PR <= ROUNDING] = 0
    differs_R: NDArray[np.bool_] = variances_PR.sum(axis=0) > 0
    degrees_P1 = np.array([[originals - 1], [images.degrees]])
    least_R = quantile(variances_PR[:, differs_R], degrees_P1, alpha / 2)
    errors_R = np.sqrt(variances_PR[:, differs_R].sum(axis=0))
    differs_R[differs_R] = np.abs(gains_RN[differs_R].mean(axis=1)) > least_R * errors_R
    differs_R[differs_R] = symmetry_p(gains_RN[differs_R]) < alpha
    return differs_R


def symmetry_p(gains_RN: Floats) -> Floats:
    """The two-sided p-values of "gains are symmetric about 0", one for each repeat."""
    if gains_RN.shape[1] <= MOST_FLIPPED:
        return sign_flip_p(gains_RN)
    p_R, varies_R = np.ones(len(gains_RN)), gains_RN.any(axis=1)
    if varies_R.any():
        p_R[varies_R] = stats.wilcoxon(gains_RN[varies_R], axis=1).pvalue
    return p_R


def sign_flip_p(gains_RN: Floats) -> Floats:
    """The share of all 2^N choices of signs whose mean is at least as far from 0 (Fisher 1935).

    A sum is one over the first half of the originals and one over the others. Sorting the others'
    sums makes counting fast.
    """
    originals = gains_RN.shape[1]
    half = originals // 2
    ours_RA = gains_RN[:, :half] @ _signs(half).T
    theirs_RB = np.sort(gains_RN[:, half:] @ _signs(originals - half).T, axis=1)
    least_R = np.abs(gains_RN.sum(axis=1)) - _ROUNDING * np.abs(gains_RN).sum(axis=1)
    below_R = [
        int(np.searchsorted(theirs_B, least - ours_A).sum())
        for ours_A, theirs_B, least in zip(ours_RA, theirs_RB, least_R, strict=True)
    ]
    beyond_R: Floats = 1 - np.array(below_R) / 2.0**originals
    return np.minimum(1.0, 2 * beyond_R)


@cache
def _signs(number: int) -> Floats:
    """All choices of signs, a row each."""
    rows = list(product((-1.0, 1.0), repeat=number))
    return np.array(rows).reshape(len(rows), number)


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
