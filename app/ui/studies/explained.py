"""What a study's controls and tests mean, in a sentence each."""

from collections.abc import Iterator
from math import ceil, log2
from typing import Final

from app.schemas.studies import StudyView
from app.schemas.study_terms import Control

CONTROLS: Final[dict[Control, str]] = {
    "upsampled": "Upsampled images: the same variants are trained on images that are reduced to "
    "the original’s resolution and enlarged again. True minus upsampled is what the extra pixels "
    "bring; upsampled minus original is what the changed geometry brings.",
    "retrained": "Retrained originals: each original is trained as often again as all its variants "
    "together. The best of these trainings gains by luck alone, and so does the best of k.",
    "same_resolution": "Variants of the same resolution: variants at the same budget that take "
    "images of the original’s resolution. What they gain owes nothing to the resolution.",
}
COVERAGE: Final = (
    "Coverage: variants whose first convolution reads no more rows of the image than their "
    "original’s should gain nothing from larger images."
)


def controls_of(study: StudyView) -> Iterator[str]:
    """Yield a sentence for each control of the study."""
    if not study.request.approaches:
        return
    for control in study.request.controls:
        yield CONTROLS[control]
    yield COVERAGE


def tests_of(study: StudyView) -> Iterator[str]:
    """Yield how the study's tests are to be read."""
    others = len(study.cells) - 1
    yield (
        "The primary contrast decides, and its p-value stands as it is; the p-values of the other "
        "cells are corrected for their number (Holm). Intervals are 95% intervals for further "
        "originals of the grid."
    )
    yield (
        f"A sign-flip test can find a difference from {originals_for(1)} originals on in the "
        f"primary cell{_from_others(others)}; with fewer, the intervals say what is known."
    )


def originals_for(cells: int) -> int:
    """The fewest originals with which a sign-flip test can find a difference in a family.

    With n originals its least p-value is 2/2ⁿ, which Holm multiplies by the number of cells.
    """
    return ceil(log2(40 * cells))


def _from_others(cells: int) -> str:
    return f" and from {originals_for(cells)} in the other {cells}" if cells > 0 else ""
