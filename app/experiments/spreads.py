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


KNOWN: Final[Mapping[str, KnownSpread]] = {
    "digits": KnownSpread(
        source="measured on 2026-11-27: 9 originals at 5 px, approaches II, III and IV, recipe "
        "paper on all images, plan c13ba6424bd5",
        accuracy=0.81,
        components={
            "original": Components(originals=0.039, variants=0.197, seeds=0.084, images=0.0076),
            "upsampled": Components(originals=0.032, variants=0.0, seeds=0.118, images=0.0029),
        },
    ),
    "mnist": KnownSpread(
        source="measured on 2026-11-26: 78 originals at 12, 16 and 20 px, approaches II, III and "
        "IV (9 against upsampled images), recipe fast on 5,000 images, plan da680cd7cdfe",
        accuracy=0.950,
        components={
            "original": Components(originals=0.0043, variants=0.0090, seeds=0.0032, images=0.0007),
            "upsampled": Components(originals=0.0016, variants=0.0, seeds=0.0039, images=0.0004),
        },
    ),
}
"""By the data set's name."""
