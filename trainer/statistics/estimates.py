"""From one number per original to an estimate: interval, tests, verdict. N originals, I images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from app.experiments.inference import Inference, Part
from app.experiments.power import FEWEST_ORIGINALS, originals_that_decide
from app.experiments.significance import holm, infer, p_value
from app.schemas.study_results import BetterShare, Estimate, OptimisticEstimate
from trainer.statistics.contrasts import Difference, Member, share_better
from trainer.statistics.images import NONE
from trainer.statistics.verdicts import verdict

FEWEST_FOR_CHOSEN: Final = 6
"""With fewer originals lopsided gains miss their mean too often; no test can show them, either."""
FEWEST_FOR_SHARE: Final = 12
"""With fewer originals shares take too few values for an interval that holds what it says."""
PRIOR: Final = 0.25
"""How many originals, with a share of a half, the interval of a share counts beside the others.

Without any it would be too narrow near 0 and 1; half an original makes it hold too often.
"""


@dataclass(frozen=True)
class Finding:
    """A mean gain over originals before it is corrected for others; ``inference`` is ``None``
    where no interval can be told.
    """

    gains: Sequence[float]
    images: Part
    inference: Inference | None
    p: float

    @property
    def equivalence_p(self) -> float:
        """The p-value of "the gain is beyond the margin"."""
        return self.inference.equivalence_p() if self.inference else 1.0

    @property
    def gain(self) -> float | None:
        """The mean over originals."""
        return float(np.mean(self.gains)) if self.gains else None


def find(differences: Sequence[Difference], fewest: int = FEWEST_ORIGINALS) -> Finding:
    """Infer the mean gain; from the ``fewest`` originals on with an interval and a test."""
    gains = [it.gain for it in differences]
    if len(gains) < fewest:
        return Finding(gains, NONE, None, 1.0)
    images = shared_image_noise(differences)
    return Finding(gains, images, infer(gains, images), p_value(gains, images))


def shared_image_noise(differences: Sequence[Difference]) -> Part:
    """The part of the mean gain's variance that other test images would bring to all originals.

    The mean difference varies from image to image. What originals explain of that, as each has its
    own difficult images, is in the spread of the gains already and is taken off.
    """
    rows = [it.by_image_I for it in differences if it.by_image_I is not None]
    if len(rows) < max(2, len(differences)) or len({len(row) for row in rows}) > 1:
        return NONE
    gains_NI = np.stack(rows)
    originals, images = gains_NI.shape
    of_mean = float(gains_NI.mean(axis=0).var()) * images / (images - 1)
    of_each = float(gains_NI.var(axis=1).mean()) * images / (images - 1)
    own = (of_each - of_mean) / (originals - 1)
    return Part(max(0.0, of_mean - own) / images, images - 1)


def family(findings: Sequence[Finding]) -> list[Estimate]:
    """The estimates of claims that are corrected for each other (Holm); a single one is not.

    Both claims are corrected: that there is a difference, and that there is none beyond the margin.
    """
    told = [it for it in findings if it.inference]
    p = holm([it.p for it in told])
    equivalence_p = holm([it.equivalence_p for it in told])
    found = iter(
        _estimate(*parts, claims=len(told)) for parts in zip(told, p, equivalence_p, strict=True)
    )
    return [next(found) if it.inference else _untold(it) for it in findings]


def _untold(finding: Finding) -> Estimate:
    return Estimate(gain=finding.gain, n=len(finding.gains))


def _estimate(finding: Finding, p: float, equivalence_p: float, *, claims: int) -> Estimate:
    assert finding.inference is not None
    said = verdict(finding.inference.gain, p, equivalence_p)
    return Estimate(
        gain=finding.gain,
        ci=finding.inference.interval(),
        p=finding.p,
        p_adjusted=p,
        n=len(finding.gains),
        verdict=said,
        needed=_needed(finding, claims) if said == "not_decided" else None,
    )


def _needed(finding: Finding, claims: int) -> int | None:
    assert finding.gain is not None
    return originals_that_decide(
        finding.gain,
        float(np.std(finding.gains, ddof=1)),
        math.sqrt(finding.images.variance),
        family=claims,
        more_than=len(finding.gains),
    )


def optimistic(finding: Finding) -> OptimisticEstimate:
    """An estimate without a test, since luck alone makes it positive."""
    inference = finding.inference
    return OptimisticEstimate(
        gain=finding.gain, ci=inference.interval() if inference else None, n=len(finding.gains)
    )


def share(members: Sequence[Member], images: Part) -> BetterShare:
    """The mean over originals of the share of their variants that are better.

    The interval counts part of an original more, with a share of a half, much as Agresti and Coull
    (1998) do; see :data:`PRIOR`.

    Parameters
    ----------
    images
        The part of the mean variant's gain that the choice of the test images brings. Images that
        are kind to all variants raise all shares: by as much as the gain's standard deviation does.
    """
    shares = [share_better(member) for member in members]
    if len(shares) < FEWEST_FOR_SHARE:
        return BetterShare(share=float(np.mean(shares)) if shares else None, n=len(shares))
    shift = math.sqrt(images.variance)
    low, high = (np.mean([share_better(it, gain) for it in members]) for gain in (shift, -shift))
    of_images = Part(float((high - low) / 2) ** 2, images.degrees)
    widened, weights = np.array([*shares, 0.5]), np.array([1.0] * len(shares) + [PRIOR])
    middle = float(np.average(widened, weights=weights))
    total = len(shares) + PRIOR
    variance = float(weights @ (widened - middle) ** 2) / (total - 1) / total
    found = Inference.of(middle, [Part(variance, len(shares) - 1), of_images])
    return BetterShare(share=float(np.mean(shares)), ci=_within(found), n=len(shares))


def _within(found: Inference | None) -> tuple[float, float] | None:
    if found is None:
        return None
    low, high = found.interval()
    return max(0.0, low), min(1.0, high)
