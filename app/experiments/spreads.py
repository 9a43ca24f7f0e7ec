"""How much gains vary, for planning studies before any was run on a data set.

To replace an entry by measured values, take ``spread`` of ``isobudget plan --dataset … --contrast …
--json`` with the database of a study, and the originals' ``accuracy`` and the plan's hash of
``GET /v1/studies/{id}``. Say in ``source`` what was measured, and when.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Reference: TypeAlias = Literal["original", "upsampled"]
"""What variants are compared with: their original, or themselves on images with less detail."""


@dataclass(frozen=True)
class Components:
    """The standard deviations that make up the spread of a gain, as fractions.

    Attributes
    ----------
    originals, variants
        Of true gains between originals, and between the variants of one.
    seeds
        Of accuracy between trainings of a network.
    images
        Of the mean gain, owed to the choice of the test images.
    """

    originals: float
    variants: float
    seeds: float
    images: float


@dataclass(frozen=True)
class KnownSpread:
    """The spread of gains on a data set, where it comes from, and originals' mean accuracy."""

    source: str
    accuracy: float
    components: Mapping[Reference, Components]


_ASSUMED: Final = "assumed: of the size that one expects, not measured"

KNOWN: Final[Mapping[str, KnownSpread]] = {
    "digits": KnownSpread(
        source=_ASSUMED,
        accuracy=0.9,
        components={
            "original": Components(originals=0.02, variants=0.03, seeds=0.01, images=0.005),
            "upsampled": Components(originals=0.01, variants=0.02, seeds=0.01, images=0.005),
        },
    ),
    "mnist": KnownSpread(
        source="measured on 2026-11-26: 52 originals at 12 and 16 px, approaches II, III and IV "
        "(9 against upsampled images), recipe fast on 5,000 images, plan 28a201730c84",
        accuracy=0.945,
        components={
            "original": Components(originals=0.0049, variants=0.0107, seeds=0.0033, images=0.0007),
            "upsampled": Components(originals=0.0017, variants=0.0, seeds=0.0038, images=0.0004),
        },
    ),
}
"""By the data set's name."""
